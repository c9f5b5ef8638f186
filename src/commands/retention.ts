import type { Cancel, Clock, Log } from '#kernel';
import type { CommandStore } from './store.ts';

const dayMs = 86_400_000;
const batchSize = 500;
const pauseMs = 1000;

/** Removes commands that are older than they are kept: daily, in batches that hold up nothing. */
export class Retention {
  readonly #options: {
    readonly store: CommandStore;
    readonly retentionDays: number;
    readonly clock: Clock;
    readonly log: Log;
  };
  #daily: Cancel | undefined;
  #next: Cancel | undefined;

  constructor(options: { store: CommandStore; retentionDays: number; clock: Clock; log: Log }) {
    this.#options = options;
  }

  start(): void {
    this.#daily = this.#options.clock.every(dayMs, () => this.#sweep());
    this.#sweep();
  }

  stop(): void {
    this.#daily?.();
    this.#next?.();
  }

  #sweep(): void {
    const { store, retentionDays, clock, log } = this.#options;
    this.#next?.();
    this.#next = undefined;
    try {
      const removed = store.removeOld(clock.nowMs() - retentionDays * dayMs, batchSize);
      if (removed === batchSize) this.#next = clock.after(pauseMs, () => this.#sweep());
    } catch (error) {
      log.error({ err: error }, 'old commands were not removed');
    }
  }
}
