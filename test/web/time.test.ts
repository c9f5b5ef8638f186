import { describe, expect, it } from 'vitest';
import { dayAndTime, startOfDayMs, timeAgo, timeLeft } from '../../web/src/time.ts';

/** Local times, as the page thinks in the reader's own time zone. */
const at = (text: string) => new Date(text).getTime();
const now = at('2026-03-12T15:00:00');

describe('saying how long ago', () => {
  it.each([
    ['2026-03-12T14:59:30', 'just now'],
    ['2026-03-12T15:00:20', 'just now'],
    ['2026-03-12T14:59:00', '1 minute ago'],
    ['2026-03-12T14:01:00', '59 minutes ago'],
    ['2026-03-12T14:00:00', '1 hour ago'],
    ['2026-03-12T09:30:00', '5 hours ago'],
    ['2026-03-12T08:05:00', 'today 08:05'],
    ['2026-03-11T23:59:00', 'yesterday 23:59'],
    ['2026-03-11T00:00:00', 'yesterday 00:00'],
    ['2026-03-10T23:59:00', '10 Mar, 23:59'],
    ['2025-12-31T12:00:00', '31 Dec 2025'],
  ])('says of %s: %s', (then, said) => {
    expect(timeAgo(at(then), now, 'h23')).toBe(said);
  });
});

describe('saying when', () => {
  it.each([
    ['2026-03-12T00:00:00', '00:00'],
    ['2026-03-11T09:12:00', 'yesterday 09:12'],
    ['2026-03-01T09:12:00', '1 Mar, 09:12'],
    ['2026-03-12T23:59:00', '23:59'],
    ['2026-03-13T00:00:00', 'tomorrow 00:00'],
    ['2026-03-13T09:12:00', 'tomorrow 09:12'],
    ['2026-03-15T09:12:00', 'Sun 15, 09:12'],
    ['2026-03-22T09:12:00', '22 Mar, 09:12'],
  ])('says of %s: %s', (then, said) => {
    expect(dayAndTime(at(then), now, 'h23')).toBe(said);
  });
});

describe('saying how much is left', () => {
  it.each([
    [9 * 60_000 + 12_000, '9 min 12 s'],
    [59_999, '1 min 0 s'],
    [500, '1 s'],
    [0, '0 s'],
    [-5000, '0 s'],
    [3_600_000 + 300_000, '1 h 5 min'],
  ])('says of %i ms: %s', (leftMs, said) => {
    expect(timeLeft(leftMs)).toBe(said);
  });
});

it('says a.m. and p.m. to those who do', () => {
  expect(dayAndTime(at('2026-03-11T21:12:00'), now, 'h12')).toBe('yesterday 09:12 pm');
});

it('finds the midnight that began the day', () => {
  expect(startOfDayMs(now)).toBe(at('2026-03-12T00:00:00'));
  expect(startOfDayMs(at('2026-03-12T00:00:00'))).toBe(at('2026-03-12T00:00:00'));
});
