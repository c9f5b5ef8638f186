import type { StateMap } from './definitions/types.ts';
import type { ErasedReadings, LatestValues, Scalar } from './types.ts';

/** A device with a new metric name in every message must not grow without end. */
const mostMetrics = 256;
const mostReported = 64;

interface Metric {
  timeUs: number;
  value: Scalar;
  /** When the hub got it; milliseconds since 1970 UTC. */
  receivedMs: number;
}

interface Field {
  value: Scalar;
  receivedMs: number;
}

/** What is saved. Reports of before receipts were kept have none: a reading's own time stands in. */
interface Saved {
  readonly lastSeenMs: number | null;
  readonly metrics: readonly [name: string, timeUs: number, value: Scalar, receivedMs?: number][];
  readonly reported: readonly [name: string, value: Scalar, receivedMs?: number][];
}

/** What a device last said: newest values, reported state, last sign of life. */
export class DeviceReport {
  lastSeenMs: number | null = null;
  readonly #metrics = new Map<string, Metric>();
  readonly #reported = new Map<string, Field>();

  /** What it said of itself, and of what it is told to be: of each property the newest, however it came. */
  reportedOf(controlled: ReadonlySet<string>): StateMap {
    const isTold = ([name]: [string, Scalar]) => this.#reported.has(name) || controlled.has(name);
    return Object.fromEntries(Object.entries(this.state).filter(isTold));
  }

  /** What it is like as far as anyone knows: of each property, what readings or status said last. */
  get state(): StateMap {
    const state = new Map<string, Scalar>();
    for (const [name, { value }] of this.#metrics) state.set(name, value);
    for (const [name, { value, receivedMs }] of this.#reported) {
      const metric = this.#metrics.get(name);
      if (metric === undefined || receivedMs >= metric.receivedMs) state.set(name, value);
    }
    return Object.fromEntries(state);
  }

  /** When the newest of it was received; milliseconds since 1970 UTC, 0 when there is nothing. */
  get newestReceiptMs(): number {
    let newestMs = 0;
    for (const { receivedMs } of this.#metrics.values()) newestMs = Math.max(newestMs, receivedMs);
    for (const { receivedMs } of this.#reported.values()) newestMs = Math.max(newestMs, receivedMs);
    return newestMs;
  }

  /** Moves every receipt back, so that what is heard from now on counts as newer. */
  ageBy(durationMs: number): void {
    for (const metric of this.#metrics.values()) metric.receivedMs -= durationMs;
    for (const field of this.#reported.values()) field.receivedMs -= durationMs;
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
  apply(timeUs: number, receivedMs: number, values: Readonly<Record<string, Scalar>>): void {
    // Runs for every message: no array of entries is made for it.
    for (const name in values) {
      const value = values[name] as Scalar;
      const metric = this.#metrics.get(name);
      if (metric === undefined) {
        if (this.#metrics.size >= mostMetrics) this.#dropOldest();
        this.#metrics.set(name, { timeUs, value, receivedMs });
      } else if (timeUs >= metric.timeUs) {
        metric.timeUs = timeUs;
        metric.value = value;
        metric.receivedMs = receivedMs;
      }
    }
  }

  /** Takes in reported state; returns whether it changed anything. */
  report(receivedMs: number, fields: StateMap): boolean {
    let changed = false;
    for (const [name, value] of Object.entries(fields)) {
      const field = this.#reported.get(name);
      if (field === undefined) {
        if (this.#reported.size >= mostReported) continue;
        this.#reported.set(name, { value, receivedMs });
        changed = true;
      } else {
        changed ||= field.value !== value;
        field.value = value;
        field.receivedMs = receivedMs;
      }
    }
    return changed;
  }

  /** Forgets what it said of these; returns whether there was anything. */
  drop(names: ReadonlySet<string>): boolean {
    let dropped = false;
    for (const name of names) {
      if (this.#metrics.delete(name)) dropped = true;
      if (this.#reported.delete(name)) dropped = true;
    }
    return dropped;
  }

  /** Forgets newest values of a time that is to be forgotten; returns whether there were any. */
  dropReadings({ metrics, startUs, endUs }: ErasedReadings): boolean {
    let dropped = false;
    for (const [name, { timeUs }] of this.#metrics) {
      const isMeant = metrics === undefined || metrics.includes(name);
      if (!isMeant || timeUs < startUs || timeUs >= endUs) continue;
      this.#metrics.delete(name);
      dropped = true;
    }
    return dropped;
  }

  seen(atMs: number): void {
    if (this.lastSeenMs === null || atMs > this.lastSeenMs) this.lastSeenMs = atMs;
  }

  toJson(): string {
    const saved: Saved = {
      lastSeenMs: this.lastSeenMs,
      metrics: [...this.#metrics].map(([name, metric]) => [
        name,
        metric.timeUs,
        metric.value,
        metric.receivedMs,
      ]),
      reported: [...this.#reported].map(([name, field]) => [name, field.value, field.receivedMs]),
    };
    return JSON.stringify(saved);
  }

  /** Reads back what `toJson` wrote. @throws SyntaxError on text that is not JSON. */
  static fromJson(json: string): DeviceReport {
    const saved = JSON.parse(json) as Saved;
    const report = new DeviceReport();
    report.lastSeenMs = saved.lastSeenMs;
    for (const [name, timeUs, value, receivedMs = Math.floor(timeUs / 1000)] of saved.metrics) {
      report.#metrics.set(name, { timeUs, value, receivedMs });
    }
    for (const [name, value, receivedMs = 0] of saved.reported) {
      report.#reported.set(name, { value, receivedMs });
    }
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
