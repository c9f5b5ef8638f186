import { type Clock, DailySweep, type Log } from '#kernel';
import { type Link, origin, signLink } from './chain.ts';
import type { AuditStore } from './store.ts';
import { Walk } from './verify.ts';

const dayMs = 86_400_000;
const batchSize = 500;

interface RetentionOptions {
  readonly store: AuditStore;
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined where the chain is anchored to nothing. */
  readonly key: () => Uint8Array | undefined;
  /** Whether somebody reads the rows from the beginning just now. */
  readonly isWalked: () => boolean;
  readonly onRemoved: (through: number, rows: number) => void;
}

/**
 * Removes rows that are older than they are kept. What is left begins at a checkpoint. Rows that do
 * not verify are not removed: they are what shows that somebody was at them.
 */
export class AuditRetention {
  readonly #options: RetentionOptions;
  readonly #sweeping: DailySweep;
  #removed = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#sweeping = new DailySweep({
      clock: options.clock,
      log: options.log,
      complaint: 'old rows of the audit were not removed',
      sweep: () => this.#sweep(),
    });
  }

  start(): void {
    this.#sweeping.start();
  }

  stop(): void {
    this.#sweeping.stop();
  }

  #sweep(): boolean {
    const { isWalked, onRemoved, store } = this.#options;
    const isMore = isWalked() || this.#removeOld() === batchSize;
    if (!isMore && this.#removed > 0) {
      onRemoved(store.signed('checkpoint')?.seq ?? 0, this.#removed);
      this.#removed = 0;
    }
    return isMore;
  }

  /** Returns how many rows it looked through and removed, at most `batchSize`. */
  #removeOld(): number {
    const { store, retentionDays, clock, key: keyOf, log } = this.#options;
    const key = keyOf();
    const nowMs = clock.nowMs();
    const from = store.signed('checkpoint') ?? origin;
    const walk = new Walk(key, from);
    // The last row stays: it is what the next is chained to.
    const last = (store.last()?.seq ?? 0) - 1;
    for (const row of store.after(from.seq, last, batchSize)) {
      // Rows of a clock that was far ahead are as old as those around them.
      const isOld = row.at_ms < nowMs - retentionDays * dayMs || row.at_ms > nowMs + dayMs;
      if (!isOld) break;
      const problem = walk.take(row);
      if (problem) {
        log.error({ problem }, 'old rows of the audit are kept: they are not as they were written');
        break;
      }
    }
    if (walk.rows === 0) return 0;
    const cut: Link = walk.at;
    store.atomically(() => {
      store.putSigned('checkpoint', key ? signLink(key, 'checkpoint', cut) : { ...cut, mac: '' });
      store.removeUpTo(cut.seq);
    });
    this.#removed += walk.rows;
    return walk.rows;
  }
}
