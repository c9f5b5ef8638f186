import { type Clock, DailySweep, type Log } from '#kernel';
import type { CommandStore } from './store.ts';

const dayMs = 86_400_000;
const batchSize = 500;

/** Removes commands that are older than they are kept. */
export const commandRetention = (options: {
  readonly store: CommandStore;
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly log: Log;
}): DailySweep => {
  const { store, retentionDays, clock, log } = options;
  return new DailySweep({
    clock,
    log,
    complaint: 'old commands were not removed',
    sweep: () => store.removeOld(clock.nowMs() - retentionDays * dayMs, batchSize) === batchSize,
  });
};
