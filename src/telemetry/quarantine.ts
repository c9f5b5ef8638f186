import { type Clock, isoOfMicroseconds } from '#kernel';
import type { Rejection } from './parse.ts';
import { excerpt } from './payload.ts';
import type { QuarantinedMessage, Submission } from './types.ts';

/** What was set aside of one device's messages since the hub started. */
export interface DeviceRefusals {
  refused: number;
  overRate: number;
}

export interface QuarantineLimits {
  /** Messages kept; the oldest go first. */
  readonly kept: number;
  /** Whether what a device sends is not to lie about readable. */
  readonly isConfidential?: (deviceId: string) => boolean;
}

const payloadBytes = 2048;
/** Entries a device may add a minute; what goes beyond is only counted. */
const entriesPerMinute = 20;
const minuteMs = 60_000;

interface DeviceShare extends DeviceRefusals {
  minute: number;
  entries: number;
}

/**
 * The messages that could not be taken in, for the owner to read. Bounded in number, in size and in
 * how fast one device can fill it, so that a broken device drowns neither the disk nor the others.
 */
export class Quarantine {
  readonly #clock: Clock;
  readonly #limits: QuarantineLimits;
  #entries: QuarantinedMessage[] = [];
  #unsaved: QuarantinedMessage[] = [];
  readonly #shares = new Map<string, DeviceShare>();
  #nextId = 1;

  constructor(clock: Clock, limits: QuarantineLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Sets a message aside, once for every field at fault. */
  addRejections(submission: Submission, rejections: readonly Rejection[]): void {
    const share = this.#share(submission.deviceId);
    share.refused++;
    for (const rejection of rejections) {
      this.#add(share, submission, rejection.field, rejection.reason);
    }
  }

  /** Counts a message that came too fast; the first of a minute is kept to be seen. */
  countOverRate(submission: Submission, reason: string): void {
    const share = this.#share(submission.deviceId);
    if (share.overRate++ === 0 || share.entries === 0) this.#add(share, submission, '', reason);
  }

  /** Newest first. */
  list(deviceId?: string): readonly QuarantinedMessage[] {
    const newestFirst = this.#entries.slice(-this.#limits.kept).reverse();
    if (deviceId === undefined) return newestFirst;
    return newestFirst.filter((entry) => entry.deviceId === deviceId);
  }

  counts(): ReadonlyMap<string, Readonly<DeviceRefusals>> {
    return this.#shares;
  }

  /** Takes what has been added since the last call, for the disk. */
  takeUnsaved(): readonly QuarantinedMessage[] {
    const unsaved = this.#unsaved;
    if (unsaved.length > 0) this.#unsaved = [];
    return unsaved;
  }

  /** Puts back what the disk holds, at the start. */
  restore(entries: readonly QuarantinedMessage[]): void {
    this.#entries = [...entries, ...this.#entries].slice(-this.#limits.kept);
    this.#nextId = Math.max(this.#nextId, (entries.at(-1)?.id ?? 0) + 1);
  }

  forget(deviceId: string): void {
    this.#shares.delete(deviceId);
    this.erase(deviceId, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  /** Lets go of what was set aside of a device and received from `startUs`, before `endUs`. */
  erase(deviceId: string, startUs: number, endUs: number): void {
    const isKept = (entry: QuarantinedMessage): boolean => {
      const receivedUs = Date.parse(entry.receivedAt) * 1000;
      return entry.deviceId !== deviceId || receivedUs < startUs || receivedUs >= endUs;
    };
    this.#entries = this.#entries.filter(isKept);
    this.#unsaved = this.#unsaved.filter(isKept);
  }

  #add(share: DeviceShare, submission: Submission, field: string, reason: string): void {
    if (share.entries >= entriesPerMinute) return;
    share.entries++;
    const isWithheld = this.#limits.isConfidential?.(submission.deviceId) === true;
    const entry: QuarantinedMessage = {
      id: this.#nextId++,
      deviceId: submission.deviceId,
      receivedAt: isoOfMicroseconds(this.#clock.nowMs() * 1000),
      source: submission.source,
      topic: submission.topic ?? '',
      field,
      reason,
      payload: isWithheld ? withheld : payloadOf(submission),
    };
    this.#entries.push(entry);
    this.#unsaved.push(entry);
    // Trimmed by a tenth at a time: moving the whole list for every entry would cost more.
    if (this.#entries.length > this.#limits.kept * 1.1) {
      this.#entries = this.#entries.slice(-this.#limits.kept);
    }
    if (this.#unsaved.length > this.#limits.kept) this.#unsaved.shift();
  }

  #share(deviceId: string): DeviceShare {
    const minute = Math.floor(this.#clock.monotonicMs() / minuteMs);
    let share = this.#shares.get(deviceId);
    if (share === undefined) {
      share = { refused: 0, overRate: 0, minute, entries: 0 };
      this.#shares.set(deviceId, share);
    }
    if (share.minute !== minute) {
      share.minute = minute;
      share.entries = 0;
    }
    return share;
  }
}

/** Stands for the payload of a device with sensitive metrics: it may hold what is kept encrypted. */
const withheld = '(not kept: the device has sensitive metrics)';

const payloadOf = ({ body }: Submission): string =>
  Buffer.isBuffer(body) ? excerpt(body, payloadBytes) : spelled(body).slice(0, payloadBytes);

/** A body that was never text, as JSON; nesting can be deeper than that goes. */
function spelled(body: unknown): string {
  try {
    return JSON.stringify(body) ?? '';
  } catch {
    return '';
  }
}
