import type { DeviceChange, Scalar, StateSample } from '#devices';
import { isoOfMicroseconds } from '#kernel';
import { type LiveEvent, type ServerMessage, subjectOf } from './messages.ts';

/** As many as the hub remembers the latest value of. */
const mostMetrics = 256;
/** More than happens in a home while a client reads one message; a client that slow asks again. */
const mostEvents = 1000;

interface Value {
  readonly timeUs: number;
  readonly value: Scalar;
}

/**
 * What waits to be sent to one client: of each metric the newest value, of each device the last
 * change. However slow the client and whatever a device makes up, it holds no more than one screen
 * full.
 */
export class Pending {
  readonly #values = new Map<string, Map<string, Value>>();
  readonly #changes = new Map<string, DeviceChange>();
  readonly #events = new Map<string, LiveEvent>();

  get isEmpty(): boolean {
    return this.#values.size === 0 && this.#changes.size === 0 && this.#events.size === 0;
  }

  addEvent(event: LiveEvent): void {
    const subject = subjectOf(event);
    // Taken out first, so that it stands where it happened last.
    this.#events.delete(subject);
    this.#events.set(subject, event);
    if (this.#events.size <= mostEvents) return;
    const oldest = this.#events.keys().next();
    if (!oldest.done) this.#events.delete(oldest.value);
  }

  addSample(sample: StateSample, wants: (metric: string) => boolean): void {
    for (const [metric, value] of Object.entries(sample.values)) {
      if (!wants(metric)) continue;
      let values = this.#values.get(sample.deviceId);
      if (values === undefined) {
        values = new Map();
        this.#values.set(sample.deviceId, values);
      }
      const waiting = values.get(metric);
      if (waiting === undefined ? values.size >= mostMetrics : waiting.timeUs > sample.timeUs) {
        continue;
      }
      values.set(metric, { timeUs: sample.timeUs, value });
    }
  }

  addChange(news: DeviceChange): void {
    const { id } = news.device;
    if (news.change === 'removed') this.#values.delete(id);
    // A client that has not heard of a device yet must first hear that it was created.
    const isNew = this.#changes.get(id)?.change === 'created' && news.change !== 'removed';
    this.#changes.set(id, isNew ? { ...news, change: 'created' } : news);
  }

  /** Everything that waits, as messages: changes first, then one message a device, then events. */
  take(): ServerMessage[] {
    const messages: ServerMessage[] = [...this.#changes.values()].map(({ change, device }) => ({
      type: 'device',
      change,
      device,
    }));
    for (const [deviceId, values] of this.#values) {
      let newestUs = Number.NEGATIVE_INFINITY;
      for (const { timeUs } of values.values()) newestUs = Math.max(newestUs, timeUs);
      messages.push({
        type: 'telemetry',
        device_id: deviceId,
        timestamp: isoOfMicroseconds(newestUs),
        values: Object.fromEntries([...values].map(([metric, { value }]) => [metric, value])),
      });
    }
    messages.push(...this.#events.values());
    this.#changes.clear();
    this.#values.clear();
    this.#events.clear();
    return messages;
  }
}
