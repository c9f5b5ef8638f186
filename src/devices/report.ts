import type { LatestValues, Scalar } from './types.ts';

/** A device with a new metric name in every message must not grow without end. */
const mostMetrics = 256;
const mostReported = 64;

interface Metric {
  timeUs: number;
  value: Scalar;
}

/** What a device last said: newest values, reported state, last sign of life, refusals. */
export class DeviceReport {
  lastSeenMs: number | null = null;
  denied = 0;
  readonly #metrics = new Map<string, Metric>();
  readonly #reported = new Map<string, Scalar>();

  get reported(): Readonly<Record<string, Scalar>> {
    return Object.fromEntries(this.#reported);
  }

  /** The newest value of each metric; `undefined` before the first reading. */
  get latest(): LatestValues | undefined {
    if (this.#metrics.size === 0) return undefined;
    let timeUs = Number.NEGATIVE_INFINITY;
    const values: [string, Scalar][] = [];
    for (const [name, metric] of this.#metrics) {
      if (metric.timeUs > timeUs) timeUs = metric.timeUs;
      values.push([name, metric.value]);
    }
    return { timeUs, values: Object.fromEntries(values) };
  }

  /** Takes in one reading. One that comes late never replaces a newer value; one of the same time does. */
  apply(timeUs: number, values: Readonly<Record<string, Scalar>>): void {
    // Runs for every message: no array of entries is made for it.
    for (const name in values) {
      const value = values[name] as Scalar;
      const metric = this.#metrics.get(name);
      if (metric === undefined) {
        if (this.#metrics.size >= mostMetrics) this.#dropOldest();
        this.#metrics.set(name, { timeUs, value });
      } else if (timeUs >= metric.timeUs) {
        metric.timeUs = timeUs;
        metric.value = value;
      }
    }
  }

  /** Takes in reported state; returns whether it changed anything. */
  report(fields: Readonly<Record<string, Scalar>>): boolean {
    let changed = false;
    for (const [name, value] of Object.entries(fields)) {
      if (this.#reported.get(name) === value) continue;
      if (!this.#reported.has(name) && this.#reported.size >= mostReported) continue;
      this.#reported.set(name, value);
      changed = true;
    }
    return changed;
  }

  seen(atMs: number): void {
    if (this.lastSeenMs === null || atMs > this.lastSeenMs) this.lastSeenMs = atMs;
  }

  toJson(): string {
    return JSON.stringify({
      lastSeenMs: this.lastSeenMs,
      denied: this.denied,
      metrics: [...this.#metrics].map(([name, { timeUs, value }]) => [name, timeUs, value]),
      reported: [...this.#reported],
    });
  }

  /** Reads back what `toJson` wrote. @throws SyntaxError on text that is not JSON. */
  static fromJson(json: string): DeviceReport {
    const saved = JSON.parse(json) as {
      lastSeenMs: number | null;
      denied: number;
      metrics: [string, number, Scalar][];
      reported: [string, Scalar][];
    };
    const report = new DeviceReport();
    report.lastSeenMs = saved.lastSeenMs;
    report.denied = saved.denied;
    for (const [name, timeUs, value] of saved.metrics) report.#metrics.set(name, { timeUs, value });
    for (const [name, value] of saved.reported) report.#reported.set(name, value);
    return report;
  }

  #dropOldest(): void {
    let oldest: string | undefined;
    let oldestUs = Number.POSITIVE_INFINITY;
    for (const [name, metric] of this.#metrics) {
      if (metric.timeUs < oldestUs) [oldest, oldestUs] = [name, metric.timeUs];
    }
    if (oldest !== undefined) this.#metrics.delete(oldest);
  }
}
