import { type Clock, HearthError, messageOf } from '#kernel';
import type { InboundMessage } from '#mqtt';
import type { Batch } from './batch.ts';
import type { Committer } from './committer.ts';
import { Deliveries, type DeliveryWindow, fingerprint } from './deliveries.ts';
import { type ParsedMessage, parseMessage, type Reading, type Rejection } from './parse.ts';
import { decodePayload, lengthProblem } from './payload.ts';
import { timeMarks } from './points.ts';
import type { Quarantine } from './quarantine.ts';
import { TokenBucket } from './rate.ts';
import type { Sealing } from './sealing.ts';
import { type SeriesBook, seriesPerDevice } from './series.ts';
import { type Lateness, type StampedReading, Stamping } from './stamping.ts';
import type { MessageProtection, OpenedMessage, Receipt, Submission, Value } from './types.ts';
import type { DeviceDeliveries } from './worker/protocol.ts';

export interface IntakeLimits {
  readonly messagesPerSecond: number;
  readonly messageBytes: number;
}

/** What the intake remembers of a device between two of its messages. */
interface DeviceIntake {
  readonly id: string;
  readonly metrics: Map<string, number>;
  readonly bucket: TokenBucket;
  readonly deliveries: DeliveryWindow;
  lastReceivedUs: number;
}

/** The stamp of deliveries that an earlier run, or an earlier storage worker, brought to disk. */
const onDisk = 0;
const nothingSigned = Buffer.from('{}');
const nothingRejected: readonly Rejection[] = [];
/**
 * The first half of a reading's way: bytes to points in the open batch. Everything here runs once a
 * message on the main thread, so nothing here waits, and what most messages do not need is not done.
 */
export class Intake {
  readonly #clock: Clock;
  readonly #limits: IntakeLimits;
  readonly #stamping: Stamping;
  readonly #series: SeriesBook;
  readonly #committer: Committer;
  readonly #quarantine: Quarantine;
  readonly #protection: MessageProtection | undefined;
  readonly #sealing: Sealing;
  readonly #sensitiveOf: (deviceId: string) => ReadonlySet<string>;
  readonly #devices = new Map<string, DeviceIntake>();
  readonly #deliveries = new Deliveries();

  constructor(parts: {
    readonly clock: Clock;
    readonly limits: IntakeLimits;
    readonly lateness: Lateness;
    readonly series: SeriesBook;
    readonly committer: Committer;
    readonly quarantine: Quarantine;
    readonly protection: MessageProtection | undefined;
    readonly sealing: Sealing;
    readonly sensitiveOf: (deviceId: string) => ReadonlySet<string>;
  }) {
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#stamping = new Stamping(parts.committer, parts.lateness);
    this.#series = parts.series;
    this.#committer = parts.committer;
    this.#quarantine = parts.quarantine;
    this.#protection = parts.protection;
    this.#sealing = parts.sealing;
    this.#sensitiveOf = parts.sensitiveOf;
  }

  /** Takes an MQTT message in; the promise is what its acknowledgment waits for. */
  acceptFrom(deviceId: string): (message: InboundMessage) => Promise<void> | undefined {
    return (message) =>
      this.submit({
        deviceId,
        body: message.payload,
        source: 'mqtt',
        topic: message.topic,
        // A QoS 0 message has no packet identifier, and is never sent twice [MQTT-3.3.1-2].
        ...(message.qos === 0 ? {} : { delivery: message }),
      }).committed;
  }

  submit(submission: Submission): Receipt {
    const device = this.#device(submission.deviceId);
    // Over MQTT the broker holds a fast sender's socket back: what is acknowledged is not let go.
    const isBounded = submission.source !== 'mqtt';
    if (isBounded && !device.bucket.take(this.#clock.monotonicMs())) {
      return this.#overRate(submission);
    }
    const { body } = submission;
    const payload = Buffer.isBuffer(body) ? body : undefined;
    let message: ParsedMessage;
    let needsTime = false;
    try {
      let value = body;
      if (payload !== undefined) {
        const opened = this.#open(submission.deviceId, payload);
        if (!opened.ok) return this.#refuse(submission, opened.field, opened.problem);
        value = opened.value;
        needsTime = opened.needsTime === true;
      }
      message = parseMessage(value);
    } catch (error) {
      // Nothing that a device can send may end its connection, not even what nobody thought of.
      return this.#refuse(submission, 'payload', `cannot be read: ${messageOf(error)}`);
    }
    if (message.readings.length > 1) device.bucket.owe(message.readings.length - 1);
    return this.#take(device, submission, payload, message, needsTime);
  }

  /**
   * Takes readings in that came in another shape than JSON, with times in microseconds. Those that
   * go on with a message are taken whatever the rate is: its sender pays for them with the next.
   */
  submitReadings(
    submission: Submission,
    readings: readonly Reading[],
    { goesOn }: { readonly goesOn: boolean },
  ): Receipt {
    const { bucket } = this.#device(submission.deviceId);
    if (goesOn) bucket.owe(1);
    else if (!bucket.take(this.#clock.monotonicMs())) return this.#overRate(submission);
    bucket.owe(readings.length - 1);
    // What has to be signed or encrypted is neither here.
    const opened = this.#open(submission.deviceId, nothingSigned);
    if (!opened.ok) return this.#refuse(submission, opened.field, opened.problem);
    const device = this.#device(submission.deviceId);
    return this.#take(device, submission, undefined, { readings, rejected: [] }, false);
  }

  /** Puts back what is on disk about deliveries, at the start and after a restart of the worker. */
  recall({ device, deliveries }: DeviceDeliveries): void {
    const window = this.#deliveries.of(device);
    for (let at = 0; at < deliveries.length; at += 2) {
      window.remember(deliveries[at] as number, deliveries[at + 1] as number, onDisk);
    }
  }

  forget(deviceId: string): void {
    this.#devices.delete(deviceId);
    this.#deliveries.forget(deviceId);
  }

  /** The body of a payload, checked and decrypted where that is agreed with the device. */
  #open(deviceId: string, payload: Buffer): OpenedMessage {
    const { messageBytes } = this.#limits;
    // Not even a signature is checked of what is too long.
    const isRead = lengthProblem(payload, messageBytes) === undefined;
    const opened = isRead ? this.#protection?.open(deviceId, payload) : undefined;
    if (opened !== undefined) return opened;
    const decoded = decodePayload(payload, messageBytes);
    if ('problem' in decoded) return { ok: false, field: 'payload', problem: decoded.problem };
    return { ok: true, value: decoded.value };
  }

  #take(
    device: DeviceIntake,
    submission: Submission,
    payload: Buffer | undefined,
    message: ParsedMessage,
    needsTime: boolean,
  ): Receipt {
    const committer = this.#committer;
    if (committer.overflowing) return this.#unavailable();
    const nowUs = this.#clock.nowMs() * 1000;
    const rejected = message.rejected.length > 0 ? [...message.rejected] : [];
    const stamped = this.#stamping.stamp(device, message.readings, nowUs, needsTime, rejected);
    const { delivery } = submission;
    const sensitive = this.#sensitiveOf(device.id);
    const mark = delivery && this.#identityOf(payload, stamped, sensitive.size > 0);
    if (mark !== undefined && delivery?.duplicate === true) {
      // Whether the first reached the disk is not known before storage has read it again.
      if (!committer.ready) return this.#unavailable();
      const earlier = device.deliveries.stampOf(delivery.packetId, mark);
      if (earlier !== undefined) {
        const committed = committer.pending(earlier);
        return { accepted: stamped.length, rejected: nothingRejected, committed };
      }
    }
    const surelyTakenUs = this.#stamping.surelyTakenUs(submission, nowUs);
    const batch = committer.open;
    let accepted = 0;
    let series: number | undefined;
    for (const one of stamped) {
      const reading =
        one.timeUs < surelyTakenUs ? this.#stamping.inTime(device.id, one, nowUs, rejected) : one;
      if (reading === undefined) continue;
      const last = this.#append(device, batch, reading, sensitive, rejected);
      if (last === undefined) continue;
      series = last;
      accepted++;
    }
    if (rejected.length > 0) this.#quarantine.addRejections(submission, rejected);
    if (series === undefined) return { accepted: 0, rejected, committed: undefined };
    if (delivery !== undefined && mark !== undefined) {
      batch.addDelivery(device.deliveries, series, delivery.packetId, mark);
    }
    committer.due(nowUs);
    return { accepted, rejected, committed: batch.committed };
  }

  /** Adds a reading to the batch; answers the last series it used, `undefined` when it used none. */
  #append(
    device: DeviceIntake,
    batch: Batch,
    reading: StampedReading,
    sensitive: ReadonlySet<string>,
    rejected: Rejection[],
  ): number | undefined {
    const { values, timeUs, receivedUs, mark } = reading;
    let last: number | undefined;
    let taken: Record<string, Value> | undefined;
    let kept: Record<string, Value> | undefined;
    for (const metric in values) {
      const series = device.metrics.get(metric) ?? this.#series.add(device.id, metric);
      if (series === undefined) {
        const reason = `would be this device's metric number ${seriesPerDevice + 1}`;
        rejected.push({ index: reading.index, field: metric, reason });
        taken ??= { ...values };
        delete taken[metric];
        continue;
      }
      const value = values[metric] as Value;
      if (sensitive.size > 0 && sensitive.has(metric)) {
        taken ??= { ...values };
        delete taken[metric];
        const sealed = this.#sealing.seal(device.id, metric, timeUs, value);
        if (sealed === undefined) {
          const reason = 'is sensitive, and there is no key to keep it with';
          rejected.push({ index: reading.index, field: metric, reason });
          continue;
        }
        batch.points.addSealed(series, timeUs, sealed, mark);
        kept ??= {};
        kept[metric] = value;
      } else batch.points.add(series, timeUs, value, mark);
      last = series;
    }
    if (last !== undefined) {
      const stamped = (mark & timeMarks.stamped) !== 0;
      batch.samples.push({
        deviceId: device.id,
        timeUs,
        receivedUs,
        stamped,
        values: taken ?? values,
        ...(kept && { sensitive: kept }),
      });
    }
    return last;
  }

  #overRate(submission: Submission): Receipt {
    const reason = `more than ${this.#limits.messagesPerSecond} messages a second`;
    this.#quarantine.countOverRate(submission, reason);
    return {
      accepted: 0,
      rejected: [{ index: 0, field: '', reason }],
      committed: undefined,
      error: new HearthError('too_many_requests', `this device sends ${reason}`, {
        hint: 'Send less often, several readings at once, or raise limits.messages_per_second.',
        retryable: true,
        retryAfterSeconds: 1,
      }),
    };
  }

  #refuse(submission: Submission, field: string, reason: string): Receipt {
    const rejected = [{ index: 0, field, reason }];
    this.#quarantine.addRejections(submission, rejected);
    return { accepted: 0, rejected, committed: undefined };
  }

  /** Nothing can be taken in without losing or doubling it: the sender must keep it for now. */
  #unavailable(): Receipt {
    const error = new HearthError('unavailable', 'the readings cannot be stored at the moment', {
      hint: 'Try again in a moment; hearth status shows how the journal is doing.',
      retryable: true,
      retryAfterSeconds: 5,
    });
    const committed = Promise.reject(error);
    committed.catch(() => {});
    return { accepted: 0, rejected: nothingRejected, committed, error };
  }

  /**
   * What a redelivery of this message would be known by, beside its packet identifier; `undefined`
   * when every reading has a time of its own, which then is its identity.
   */
  #identityOf(
    payload: Buffer | undefined,
    readings: readonly StampedReading[],
    isConfidential: boolean,
  ): number | undefined {
    if (payload === undefined) return undefined;
    if (!readings.some((reading) => (reading.mark & timeMarks.stamped) !== 0)) return undefined;
    return isConfidential ? this.#sealing.fingerprint(payload) : fingerprint(payload);
  }

  #device(id: string): DeviceIntake {
    let device = this.#devices.get(id);
    if (device === undefined) {
      device = {
        id,
        metrics: this.#series.of(id),
        bucket: new TokenBucket(this.#limits.messagesPerSecond, this.#clock.monotonicMs()),
        deliveries: this.#deliveries.of(id),
        lastReceivedUs: 0,
      };
      this.#devices.set(id, device);
    }
    return device;
  }
}
