import type { Clock } from '#kernel';
import type { OverrideRecord } from './types.ts';

/** Wall clocks and timers drift apart by less than this; more is a clock that was set. */
const driftMs = 1000;

/** Where the wall clock stands to time that only moves forward. */
export const anchorOf = (clock: Clock): number => clock.nowMs() - clock.monotonicMs();

/**
 * The override in terms of the clock as it is set now. One that began in this run lasts as long as
 * was asked, whatever is done to the clock meanwhile, so its moments move with the clock. `anchorMs`
 * is `undefined` for one of an earlier run, of which wall time is all that is known.
 */
export function onThisClock(
  record: OverrideRecord,
  anchorMs: number | undefined,
  clock: Clock,
): OverrideRecord {
  const shiftMs = anchorMs === undefined ? 0 : Math.round(anchorOf(clock) - anchorMs);
  if (Math.abs(shiftMs) < driftMs) return record;
  return {
    ...record,
    startedAtMs: record.startedAtMs + shiftMs,
    baselineAtMs:
      record.baselineAtMs === record.startedAtMs
        ? record.startedAtMs + shiftMs
        : // The moment of an older word, which no schedule's edge moves away from.
          Math.min(record.baselineAtMs, record.startedAtMs + shiftMs),
    endsAtMs: record.endsAtMs + shiftMs,
  };
}
