import { describe, expect, it } from 'vitest';
import { labelOf, labelPx, labelSpacePx, stepsOf } from '../../web/src/axis.ts';
import { day, hour, month, ranges, week, year } from '../../web/src/range.ts';

const noonMs = Date.UTC(2026, 6, 1, 12);

describe('the labels of a time axis', () => {
  it.each([
    [day, 'h12'],
    [day, 'h23'],
    [hour, 'h12'],
    [week, 'h23'],
    [month, 'h23'],
    [year, 'h23'],
  ] as const)('have room beside each other: %j, %s', (range, hourCycle) => {
    const widest = 7 * labelOf(range, noonMs, hourCycle).length;
    expect(labelSpacePx(range, hourCycle)).toBeGreaterThan(widest + 8);
    expect(labelSpacePx(range, hourCycle)).toBeGreaterThan(labelPx(range, hourCycle));
  });

  it('need more room with a.m. and p.m.', () => {
    expect(labelSpacePx(day, 'h12')).toBeGreaterThan(labelSpacePx(day, 'h23'));
  });

  it.each(ranges)('have a step that fits on a phone: %j', (range) => {
    const room = 250;
    const steps = stepsOf(range);
    expect(steps.some((s) => (room * s) / range.lengthS >= labelSpacePx(range, 'h12'))).toBe(true);
  });
});
