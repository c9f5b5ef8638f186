import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addReading,
  type Bucket,
  readBuckets,
  regroup,
  summarise,
  toColumns,
  valueRange,
} from '../../web/src/series.ts';

const bucket = (timeS: number, value: number, more: Partial<Bucket> = {}): Bucket => ({
  timeS,
  avg: value,
  min: value,
  max: value,
  count: 1,
  ...more,
});

describe('reading the hub’s answer', () => {
  it('takes what is drawn of it', () => {
    const rows = [{ timestamp: '1970-01-01T00:01:00Z', energy_increase: 0.5, energy_count: 3 }];
    expect(readBuckets(rows, 'energy', 'increase')).toEqual([bucket(60, 0.5, { count: 3 })]);
  });

  it('takes the aggregates of one metric and leaves empty buckets out', () => {
    const rows = [
      {
        timestamp: '1970-01-01T00:01:00Z',
        power_avg: 5,
        power_min: 1,
        power_max: 9,
        power_count: 3,
      },
      { timestamp: '1970-01-01T00:02:00Z', power_avg: null, voltage_avg: 230 },
      { timestamp: '1970-01-01T00:03:00Z', power_avg: 7 },
      { timestamp: 'no time', power_avg: 7 },
    ];
    expect(readBuckets(rows, 'power')).toEqual([
      { timeS: 60, avg: 5, min: 1, max: 9, count: 3 },
      bucket(180, 7),
    ]);
  });
});

describe('folding in live readings', () => {
  it.each([
    ['begins a bucket', [], 65, 4, [bucket(60, 4)]],
    [
      'joins the bucket it falls in',
      [bucket(60, 1, { count: 3 })],
      119,
      5,
      [{ timeS: 60, avg: 2, min: 1, max: 5, count: 4 }],
    ],
    [
      'finds the place of a late one',
      [bucket(0, 1), bucket(120, 3)],
      60,
      2,
      [bucket(0, 1), bucket(60, 2), bucket(120, 3)],
    ],
    ['ignores one from before the chart', [bucket(120, 3)], -200, 2, [bucket(120, 3)]],
  ])('%s', (_, before, timeS, value, after) => {
    expect(addReading(before, { timeS, value }, 60, 0)).toEqual(after);
  });

  it('lets go of what has left the chart', () => {
    const before = [bucket(0, 1), bucket(60, 1), bucket(120, 1)];
    expect(addReading(before, { timeS: 200, value: 1 }, 60, 120).map(({ timeS }) => timeS)).toEqual(
      [60, 120, 180],
    );
  });

  it('agrees with adding everything up at once, in any order', () => {
    const reading = fc.record({
      timeS: fc.integer({ min: 0, max: 3600 }),
      value: fc.integer({ min: -1000, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 60 }), (readings) => {
        const folded = readings.reduce<Bucket[]>(
          (buckets, one) => addReading(buckets, one, 60, 0),
          [],
        );
        const times = folded.map(({ timeS }) => timeS);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        for (const found of folded) {
          const inside = readings
            .filter(({ timeS }) => Math.floor(timeS / 60) * 60 === found.timeS)
            .map(({ value }) => value);
          expect(found.count).toBe(inside.length);
          expect(found.min).toBe(Math.min(...inside));
          expect(found.max).toBe(Math.max(...inside));
          expect(found.avg).toBeCloseTo(
            inside.reduce((sum, value) => sum + value, 0) / inside.length,
            6,
          );
        }
      }),
    );
  });
});

describe('breaking the line', () => {
  it('draws a device that reports every two minutes as one line', () => {
    const buckets = [0, 120, 240, 360].map((timeS) => bucket(timeS, 1));
    expect(toColumns(buckets, 60).avg).toEqual([1, 1, 1, 1]);
  });

  it('shows an outage as a gap', () => {
    const buckets = [0, 60, 120, 3600, 3660].map((timeS) => bucket(timeS, 1));
    const columns = toColumns(buckets, 60);
    expect(columns.timeS).toEqual([0, 60, 120, 180, 3600, 3660]);
    expect(columns.avg).toEqual([1, 1, 1, null, 1, 1]);
    expect(columns.max).toEqual(columns.avg);
    expect(columns.earlier).toEqual(columns.timeS.map(() => undefined));
  });

  it('has nothing to draw without readings', () => {
    expect(toColumns([], 60)).toEqual({ timeS: [], avg: [], min: [], max: [], earlier: [] });
  });

  it('draws the time before beside it, each line with its own gaps', () => {
    const now = [0, 60, 120, 180].map((timeS) => bucket(timeS, 1));
    const earlier = [0, 60, 120, 600, 660].map((timeS) => bucket(timeS, 2));
    const columns = toColumns(now, 60, earlier);
    expect(columns.timeS).toEqual([0, 60, 120, 180, 600, 660]);
    expect(columns.avg).toEqual([1, 1, 1, 1, undefined, undefined]);
    expect(columns.earlier).toEqual([2, 2, 2, null, 2, 2]);
  });
});

it('finds the latest, the lowest and the highest', () => {
  const buckets = [bucket(0, 5, { min: 2 }), bucket(60, 9, { max: 30 }), bucket(120, 4)];
  expect(summarise(buckets)).toEqual({
    latest: 4,
    latestS: 120,
    min: 2,
    minS: 0,
    max: 30,
    maxS: 60,
  });
  expect(summarise([])).toBeUndefined();
});

it('joins buckets into the rows of a table, each reading counting once', () => {
  const buckets = [bucket(100, 1), bucket(160, 4, { count: 2 }), bucket(3700, 8)];
  const rowStartS = (timeS: number) => 100 + Math.floor((timeS - 100) / 3600) * 3600;
  expect(regroup(buckets, rowStartS)).toEqual([
    { timeS: 100, avg: 3, min: 1, max: 4, count: 3 },
    bucket(3700, 8),
  ]);
});

describe('the scale of the chart', () => {
  it.each([
    ['nothing to show', null, null, true, [0, 1]],
    ['an amount', 20, 100, true, [0, 112]],
    ['an amount that is zero', 0, 0, true, [0, 4.48]],
    ['a temperature', 20, 22, false, [18.52, 23.48]],
    ['a temperature that stands still', 20, 20, false, [17.52, 22.48]],
    ['an amount below zero', -100, 100, true, [-124, 124]],
  ])('fits %s', (_, min, max, fromZero, [low, high]) => {
    const [from, to] = valueRange(min, max, fromZero, 4);
    expect(from).toBeCloseTo(low ?? Number.NaN, 6);
    expect(to).toBeCloseTo(high ?? Number.NaN, 6);
  });
});
