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

type Values = Map<string, Value>;

/** What waits of one device. A change holds all that was known of the device when it happened. */
interface DeviceNews {
  /** Readings of before the change; without one, every reading. */
  before: Values;
  change: DeviceChange | undefined;
  /** Readings since the change. */
  after: Values;
}

/**
 * What waits to be sent to one client: of each metric the newest value, of each device the last
 * change, of everything else each step that it took. However slow the client and whatever a device
 * makes up, it holds no more than one screen full.
 */
export class Pending {
  readonly #devices = new Map<string, DeviceNews>();
  readonly #events = new Map<string, LiveEvent>();

  get isEmpty(): boolean {
    return this.#devices.size === 0 && this.#events.size === 0;
  }

  addEvent(event: LiveEvent): void {
    const subject = subjectOf(event);
    const waiting = this.#events.get(subject);
    // Taken out first, so that it stands where it happened last.
    this.#events.delete(subject);
    this.#events.set(subject, withFirstNews(waiting, event));
    if (this.#events.size <= mostEvents) return;
    const oldest = this.#events.keys().next();
    if (!oldest.done) this.#events.delete(oldest.value);
  }

  addSample(sample: StateSample, wants: (metric: string) => boolean): void {
    const wanted = Object.entries(sample.values).filter(([metric]) => wants(metric));
    if (wanted.length === 0) return;
    const news = this.#newsOf(sample.deviceId);
    const values = news.change === undefined ? news.before : news.after;
    for (const [metric, value] of wanted) add(values, metric, { timeUs: sample.timeUs, value });
  }

  addChange(change: DeviceChange): void {
    const news = this.#newsOf(change.device.id);
    // A client that has not heard of a device yet must first hear that it was created.
    const isNew = news.change?.change === 'created' && change.change !== 'removed';
    for (const [metric, value] of news.after) add(news.before, metric, value);
    news.change = isNew ? { ...change, change: 'created' } : change;
    // What was read of it before is in what a new device is shown with.
    if (news.change.change === 'created' || news.change.change === 'removed')
      news.before = new Map();
    news.after = new Map();
  }

  /** Everything that waits, as messages: of each device in the order it happened, then events. */
  take(): ServerMessage[] {
    const messages: ServerMessage[] = [];
    for (const [deviceId, { before, change, after }] of this.#devices) {
      messages.push(...telemetryOf(deviceId, before));
      if (change) messages.push({ type: 'device', ...change });
      messages.push(...telemetryOf(deviceId, after));
    }
    messages.push(...this.#events.values());
    this.#devices.clear();
    this.#events.clear();
    return messages;
  }

  #newsOf(deviceId: string): DeviceNews {
    let news = this.#devices.get(deviceId);
    if (news === undefined) {
      news = { before: new Map(), change: undefined, after: new Map() };
      this.#devices.set(deviceId, news);
    }
    return news;
  }
}

/** Whoever has not heard of something yet must first hear that it was created. */
function withFirstNews(waiting: LiveEvent | undefined, event: LiveEvent): LiveEvent {
  if (waiting === undefined || !('change' in waiting) || !('change' in event)) return event;
  const isNew = waiting.change === 'created' && event.change === 'updated';
  return isNew ? { ...event, change: 'created' } : event;
}

/** The newest value counts; of metrics that are made up there is an end. */
function add(values: Values, metric: string, value: Value): void {
  const waiting = values.get(metric);
  if (waiting === undefined ? values.size >= mostMetrics : waiting.timeUs > value.timeUs) return;
  values.set(metric, value);
}

/** One message with all the values, if there are any. */
function telemetryOf(deviceId: string, values: Values): ServerMessage[] {
  if (values.size === 0) return [];
  let newestUs = Number.NEGATIVE_INFINITY;
  for (const { timeUs } of values.values()) newestUs = Math.max(newestUs, timeUs);
  return [
    {
      type: 'telemetry',
      device_id: deviceId,
      timestamp: isoOfMicroseconds(newestUs),
      values: Object.fromEntries([...values].map(([metric, { value }]) => [metric, value])),
    },
  ];
}
