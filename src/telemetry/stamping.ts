import { isoOfMicroseconds } from '#kernel';
import type { Committer } from './committer.ts';
import type { Reading, Rejection } from './parse.ts';
import { timeMarks } from './points.ts';
import { hubClockPlausible, readTimestampUs, settleTime } from './timestamp.ts';
import type { Submission, Value } from './types.ts';

/** For how long raw readings are kept, in microseconds: older ones come too late. */
export interface Lateness {
  /** The shortest of them all: asked first, because it settles nearly every reading. */
  readonly shortestRawUs: number;
  rawUsOf(deviceId: string, metric: string): number;
}

/** Whose readings they are, as far as their times go. */
export interface Sender {
  lastReceivedUs: number;
}

/** A reading whose time is settled. */
export interface StampedReading {
  readonly index: number;
  readonly values: Readonly<Record<string, Value>>;
  readonly timeUs: number;
  readonly receivedUs: number;
  /** Bits of `timeMarks`. */
  readonly mark: number;
}

/** A hub's clock that steps back further than this is followed; within it, receipts keep rising. */
const receiptLeadUs = 1e6;

/** Which time a reading has, and whether it comes too late. */
export class Stamping {
  readonly #committer: Pick<Committer, 'lastWrittenUs'>;
  readonly #lateness: Lateness;

  constructor(committer: Pick<Committer, 'lastWrittenUs'>, lateness: Lateness) {
    this.#committer = committer;
    this.#lateness = lateness;
  }

  /**
   * Gives every reading its time: the device's where it can be believed, else the receipt; with
   * `needsTime` it is refused instead, because under the receipt it could be sent again and again.
   */
  stamp(
    sender: Sender,
    readings: readonly Reading[],
    nowUs: number,
    needsTime: boolean,
    rejected: Rejection[],
  ): StampedReading[] {
    const plausible = hubClockPlausible(nowUs, this.#committer.lastWrittenUs);
    const stamped: StampedReading[] = [];
    for (const reading of readings) {
      const receivedUs = nextReceipt(sender, nowUs);
      const deviceUs = readTimestampUs(reading.time);
      const { timeUs, mark } = settleTime(deviceUs, { receivedUs, plausible });
      if ((mark & timeMarks.stamped) !== 0) {
        const { index } = reading;
        const problem = timeProblem(reading, deviceUs);
        if (needsTime) {
          const reason = `${problem ?? 'is missing'}; a signed reading needs a time of its own`;
          rejected.push({ index, field: 'timestamp', reason });
          continue;
        }
        if (problem !== undefined && deviceUs === undefined) {
          const reason = `${problem}; the receipt stands in for it`;
          rejected.push({ index, field: 'timestamp', reason });
        }
      }
      stamped.push({ index: reading.index, values: reading.values, timeUs, receivedUs, mark });
    }
    return stamped;
  }

  /** What is younger is not too late; nor is an import, or anything while the hub has lost its time. */
  surelyTakenUs({ imported }: Submission, nowUs: number): number {
    if (imported === true) return Number.NEGATIVE_INFINITY;
    const plausible = hubClockPlausible(nowUs, this.#committer.lastWrittenUs);
    return plausible ? nowUs - this.#lateness.shortestRawUs : Number.NEGATIVE_INFINITY;
  }

  /** What of a reading is not older than its raw readings are kept; `undefined` when all of it is. */
  inTime(
    deviceId: string,
    reading: StampedReading,
    nowUs: number,
    rejected: Rejection[],
  ): StampedReading | undefined {
    const { index, timeUs } = reading;
    const values: Record<string, Value> = {};
    const late: Rejection[] = [];
    for (const [metric, value] of Object.entries(reading.values)) {
      const keptUs = this.#lateness.rawUsOf(deviceId, metric);
      if (timeUs >= nowUs - keptUs) values[metric] = value;
      else late.push({ index, field: metric, reason: lateReason(timeUs, keptUs) });
    }
    const [first] = late;
    if (first === undefined) return reading;
    if (late.length < Object.keys(reading.values).length) {
      rejected.push(...late);
      return { ...reading, values };
    }
    rejected.push({ ...first, field: 'timestamp' });
    return undefined;
  }
}

function lateReason(timeUs: number, keptUs: number): string {
  const days = Math.round(keptUs / 86_400e6);
  return `is ${isoOfMicroseconds(timeUs)}, older than the ${days} days that are kept`;
}

/**
 * When a reading arrived, to a microsecond of its own: two readings of one device without a device
 * time would otherwise be one and the same when they arrive within a millisecond.
 */
function nextReceipt(sender: Sender, nowUs: number): number {
  const next = sender.lastReceivedUs + 1;
  sender.lastReceivedUs = next > nowUs && next - nowUs < receiptLeadUs ? next : nowUs;
  return sender.lastReceivedUs;
}

/** What is wrong with the time that a device gave; `undefined` when it gave none. */
function timeProblem({ time }: Reading, deviceUs: number | undefined): string | undefined {
  if (time === undefined || time === null) return undefined;
  // An object may be nested deeper than JSON.stringify can follow.
  const shown = typeof time === 'object' ? 'an object' : JSON.stringify(time).slice(0, 60);
  return deviceUs === undefined
    ? `is ${shown}, which is no time`
    : `is ${shown}, which cannot be right`;
}
