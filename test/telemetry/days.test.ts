import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Zone } from '#kernel';
import type { Day } from '../../src/telemetry/worker/manifest.ts';
import { DayBook, dayFor, stretchFor } from '../../src/telemetry/worker/tiers/days.ts';

const none = { dayAt: () => undefined, days: () => [] };
const iso = (us: number): string => new Date(us / 1000).toISOString();

it.each([
  ['UTC', '2026-01-31T12:00:00Z', '2026-01-31T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
  ['Europe/Berlin', '2026-03-29T10:00:00Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
  ['Europe/Berlin', '2025-10-26T22:59:59Z', '2025-10-25T22:00:00.000Z', '2025-10-26T23:00:00.000Z'],
  ['Asia/Kolkata', '2026-01-31T18:30:00Z', '2026-01-31T18:30:00.000Z', '2026-02-01T18:30:00.000Z'],
])('a day of %s holds %s', (zone, at, from, until) => {
  const day = dayFor(Date.parse(at) * 1000, none, new Zone(zone));
  expect([iso(day.fromUs), iso(day.untilUs), day.zone]).toEqual([from, until, zone]);
});

const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Havana'];
const instant = fc.integer({
  min: Date.UTC(2025, 9, 1) / 1000,
  max: Date.UTC(2025, 10, 10) / 1000,
});

it('days never overlap, hold what they were made for, and stay, wherever the home moves', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(instant, fc.constantFrom(...zones))), (asked) => {
      const book = new DayBook(none);
      const made = new Map<number, Day>();
      for (const [seconds, zone] of asked) {
        const us = seconds * 1e6;
        const day = book.dayFor(us, new Zone(zone));
        expect(day.fromUs <= us && us < day.untilUs).toBe(true);
        expect(made.get(day.fromUs) ?? day).toEqual(day);
        made.set(day.fromUs, day);
      }
      const days = [...made.values()].sort((a, b) => a.fromUs - b.fromUs);
      for (const [at, day] of days.slice(1).entries()) {
        expect(day.fromUs).toBeGreaterThanOrEqual(days[at]?.untilUs ?? 0);
      }
    }),
  );
});

it('hours are kept by the month and days by the year, as far as others leave room', () => {
  const day = dayFor(Date.UTC(2026, 0, 31, 23, 30) * 1000, none, new Zone('Europe/Berlin'));
  const of = (
    tier: 'raw' | '1m' | '1h' | '1d',
    taken = [] as { fromUs: number; untilUs: number }[],
  ) => {
    const { fromUs, untilUs } = stretchFor(tier, day, taken);
    return [iso(fromUs), iso(untilUs)];
  };
  expect(of('1m')).toEqual(['2026-01-31T23:00:00.000Z', '2026-02-01T23:00:00.000Z']);
  expect(of('1h')).toEqual(['2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z']);
  expect(of('1d')).toEqual(['2025-12-31T23:00:00.000Z', '2026-12-31T23:00:00.000Z']);
  const january = { fromUs: Date.UTC(2026, 0, 1) * 1000, untilUs: Date.UTC(2026, 1, 1) * 1000 };
  expect(of('1h', [january])).toEqual(['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z']);
  const march = { fromUs: Date.UTC(2026, 1, 20) * 1000, untilUs: Date.UTC(2026, 2, 20) * 1000 };
  expect(of('1h', [march])).toEqual(['2026-01-31T23:00:00.000Z', '2026-02-20T00:00:00.000Z']);
});
