import { expect, it } from 'vitest';
import { ClockWatch } from '../../src/telemetry/clock-watch.ts';
import { ManualClock } from '../support/clock.ts';
import { noonMs } from './support.ts';

const minuteMs = 60_000;

it('believes a clock that ran for an hour, and one that was set again an hour after that', () => {
  const clock = new ManualClock(noonMs);
  const watch = new ClockWatch(clock);
  const steadyAfter = (minutes: number): boolean => {
    for (let n = 0; n < minutes; n++) {
      clock.advance(minuteMs);
      watch.look();
    }
    return watch.look().isSteady;
  };
  expect(steadyAfter(59)).toBe(false);
  expect(steadyAfter(1)).toBe(true);
  // What a time server corrects every day is no step.
  clock.step(clock.nowMs() + 500);
  expect(steadyAfter(0)).toBe(true);
  clock.step(clock.nowMs() + 30 * 86_400_000);
  expect(steadyAfter(0)).toBe(false);
  expect(steadyAfter(59)).toBe(false);
  expect(steadyAfter(1)).toBe(true);
});
