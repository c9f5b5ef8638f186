import type { Clock } from './clock.ts';

/**
 * A clock whose wall time is at no time before `notBeforeMs`, in milliseconds since 1970. A machine
 * without a battery for its clock boots in the past, which must not bring back what had ended.
 */
export const notBefore = (clock: Clock, notBeforeMs: () => number): Clock => ({
  nowMs: () => Math.max(clock.nowMs(), notBeforeMs()),
  monotonicMs: () => clock.monotonicMs(),
  after: (delayMs, action) => clock.after(delayMs, action),
  every: (periodMs, action) => clock.every(periodMs, action),
});
