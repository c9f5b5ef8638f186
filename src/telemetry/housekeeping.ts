import type { Cancel, Clock, Log } from '#kernel';
import type { ClockWatch } from './clock-watch.ts';
import type { Committer } from './committer.ts';
import type { Forgetting } from './forgetting.ts';
import type { Quarantine } from './quarantine.ts';
import type { FreeDisk } from './retention/free-disk.ts';
import type { Retention } from './retention/service.ts';
import type { Sealing } from './sealing.ts';
import type { Storage } from './storage.ts';
import type { HighWaterMark } from './store.ts';

const housekeepingMs = 30_000;
const savingMs = 1000;

export interface HousekeepingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly mark: HighWaterMark;
  readonly committer: Committer;
  readonly sealing: Sealing;
  readonly quarantine: Quarantine;
  readonly storage: Storage;
  readonly retention: Retention;
  readonly freeDisk: FreeDisk;
  readonly forgetting: Forgetting;
  readonly clockWatch: ClockWatch;
}

/** What is done every so often, whoever comes. */
export class Housekeeping {
  readonly #parts: HousekeepingParts;
  #timers: Cancel[] = [];

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock } = this.#parts;
    this.#timers = [
      clock.every(savingMs, () => this.save()),
      clock.every(housekeepingMs, () => this.#tend()),
    ];
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
  }

  /** What is written at most once a second: the high-water mark, and new entries of the quarantine. */
  save(): void {
    const { mark, committer, sealing, storage, quarantine, log } = this.#parts;
    try {
      mark.raise(committer.committedSeq);
    } catch (error) {
      log.error({ err: error }, 'the high-water mark was not saved');
    }
    try {
      sealing.save();
    } catch (error) {
      log.error({ err: error }, 'which metrics are sealed was not saved');
    }
    if (!storage.ready) return;
    const entries = quarantine.takeUnsaved();
    if (entries.length === 0) return;
    storage
      .ask('quarantine', { entries })
      .catch((error) => log.error({ err: error }, 'quarantine was not saved'));
  }

  #tend(): void {
    const { clock, clockWatch, committer, storage, freeDisk, retention, log } = this.#parts;
    const nowUs = clock.nowMs() * 1000;
    const { isSteady } = clockWatch.look();
    if (isSteady) committer.believe(nowUs);
    if (!storage.ready) return;
    void this.#parts.forgetting.tellStorage();
    // Told before anything goes for it.
    const space = freeDisk.look();
    freeDisk.warn(space);
    storage
      .ask('tend', { nowUs, clockIsSteady: isSteady, policy: retention.policy(), space })
      .then((shortened) => freeDisk.tell(shortened))
      .catch((error) => log.error({ err: error }, 'housekeeping failed'));
  }
}
