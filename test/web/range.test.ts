import { describe, expect, it } from 'vitest';
import { bucketWords, stretchWords } from '../../web/src/history-words.ts';
import {
  day,
  hour,
  month,
  type Range,
  ranges,
  rowStartMs,
  type Stretch,
  stretchOf,
  week,
  year,
} from '../../web/src/range.ts';

/** Local times, as the page thinks in the reader's own time zone. */
const at = (text: string) => new Date(text).getTime();
const now = at('2026-03-12T15:20:30'); // A Thursday.

describe('the stretch that a chart shows', () => {
  it.each<[Range, 'line' | 'bars', string, string]>([
    [hour, 'line', '2026-03-12T14:20:30', '2026-03-12T15:20:30'],
    [day, 'line', '2026-03-11T15:21:00', '2026-03-12T15:21:00'],
    [day, 'bars', '2026-03-11T16:00:00', '2026-03-12T16:00:00'],
    [week, 'bars', '2026-03-06T00:00:00', '2026-03-13T00:00:00'],
    [month, 'bars', '2026-02-11T00:00:00', '2026-03-13T00:00:00'],
    [year, 'line', '2025-03-13T00:00:00', '2026-03-13T00:00:00'],
    [year, 'bars', '2025-03-17T00:00:00', '2026-03-16T00:00:00'],
  ])('of %j as %s begins and ends with a whole bucket', (range, shape, start, end) => {
    expect(stretchOf(range, range[shape], now)).toEqual({ startMs: at(start), endMs: at(end) });
  });

  it.each(ranges.flatMap((range) => [[range, range.line] as const, [range, range.bars] as const]))(
    'joins the one before without a hole: %j',
    (range, step) => {
      let stretch = stretchOf(range, step, now);
      for (let back = 0; back < 30; back += 1) {
        const before: Stretch = stretchOf(range, step, stretch.startMs);
        expect(before.endMs).toBe(stretch.startMs);
        stretch = before;
      }
    },
  );
});

describe('where a row begins', () => {
  it.each([
    ['2026-03-12T15:20:30', 3600, '2026-03-12T15:00:00'],
    ['2026-03-12T15:20:30', 6 * 3600, '2026-03-12T12:00:00'],
    ['2026-03-12T15:20:30', 86_400, '2026-03-12T00:00:00'],
    ['2026-03-12T15:20:30', 7 * 86_400, '2026-03-09T00:00:00'],
    ['2026-03-08T23:59:59', 7 * 86_400, '2026-03-02T00:00:00'],
    ['2026-03-09T00:00:00', 7 * 86_400, '2026-03-09T00:00:00'],
  ])('of %s, %i s wide: %s', (time, rowS, start) => {
    expect(rowStartMs(at(time), rowS)).toBe(at(start));
  });
});

describe('the words for a time', () => {
  it('are those of the choice while the chart ends now', () => {
    expect(stretchWords(week, stretchOf(week, week.line, now), true, now)).toBe('the last 7 days');
  });

  it('are the days once one has gone back', () => {
    const stretch = stretchOf(month, month.bars, at('2026-02-11T00:00:00'));
    expect(stretchWords(month, stretch, false, now)).toBe('12 Jan 2026 to 10 Feb 2026');
  });

  it.each<[Range, number, string, string]>([
    [hour, 10, '2026-03-12T15:20:30', '15:20:30'],
    [day, 60, '2026-03-12T15:20:00', '15:20'],
    [week, 600, '2026-03-12T15:20:00', 'Thu 12, 15:20'],
    [week, 86_400, '2026-03-12T00:00:00', 'Thu 12'],
    [month, 86_400, '2026-03-12T00:00:00', '12 Mar'],
    // The home's midnight, where the reader is an hour behind.
    [month, 86_400, '2026-03-11T23:00:00', '12 Mar'],
    [year, 7 * 86_400, '2026-03-09T00:00:00', 'week of 9 Mar'],
  ])('of a bucket in %j, %i s wide, at %s: %s', (range, intervalS, time, words) => {
    expect(bucketWords(range, intervalS, at(time) / 1000)).toMatch(
      new RegExp(`^${words.replace('15:20', '(15|03):20')}`),
    );
  });
});
