import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Buckets } from '../../src/telemetry/buckets.ts';
import { planOf } from '../../src/telemetry/worker/planner/plan.ts';
import type { Asked, Part, Stock, StoredExtent } from '../../src/telemetry/worker/planner/types.ts';
import type { FileTier, RollupTier } from '../../src/telemetry/worker/tiers/tiers.ts';

const at = (iso: string): number => Date.parse(`${iso}Z`) * 1000;
const minuteUs = 60e6;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;
const firstDayUs = at('2026-01-01T00:00');

/** Three days in UTC, one after the other. */
const days = [0, 1, 2].map((n) => ({
  fromUs: firstDayUs + n * dayUs,
  untilUs: firstDayUs + (n + 1) * dayUs,
  zone: 'UTC',
}));

const file = (tier: FileTier, from: number, until: number, more: Partial<StoredExtent> = {}) => ({
  file: `${tier} ${from}`,
  tier,
  fromUs: tier === 'sealed' ? null : firstDayUs + from * dayUs,
  untilUs: tier === 'sealed' ? null : firstDayUs + until * dayUs,
  oldestUs: firstDayUs + from * dayUs,
  newestUs: firstDayUs + until * dayUs - 1,
  points: tier === 'raw' ? 100 : 1,
  complete: true,
  ...more,
});

/** Files of all three days in these tiers. */
const filesOf = (...tiers: readonly FileTier[]): StoredExtent[] =>
  tiers.flatMap((tier) =>
    tier === '1d' || tier === '1h'
      ? [file(tier, 0, 3)]
      : [0, 1, 2].map((n) => file(tier, n, n + 1)),
  );

const all = filesOf('raw', '1m', '1h', '1d');

const stock = (files: readonly StoredExtent[], more: Partial<Stock> = {}): Stock => ({
  series: 1,
  files,
  live: [],
  erased: [],
  ...more,
});

/** A question about buckets of an interval, or about all of its time at once. */
function asking(from: string, until: string, intervalUs?: number): Asked {
  const [fromUs, untilUs] = [at(from), at(until)];
  const buckets = intervalUs && new Buckets(intervalUs, 'UTC', fromUs, untilUs);
  const after = (us: number): number => {
    if (us >= untilUs) return Number.POSITIVE_INFINITY;
    return buckets ? Math.min(untilUs, buckets.after(us)) : untilUs;
  };
  return { fromUs, untilUs, after };
}

const short = (us: number): string => new Date(us / 1000).toISOString().slice(8, 16);
const shown = (parts: readonly Part[]): string[] =>
  parts.map(
    ({ kind, ranges }) =>
      `${kind}: ${ranges.map((one) => `${short(one.fromUs)}–${short(one.untilUs)}`).join(', ')}`,
  );

describe('a plan', () => {
  it.each<[string, readonly Stock[], Asked, string[]]>([
    [
      'of whole days is days',
      [stock(all)],
      asking('2026-01-01T00:00', '2026-01-04T00:00', dayUs),
      ['1d: 01T00:00–04T00:00'],
    ],
    [
      'of all at once is days in the middle, hours, minutes and readings at the ends',
      [stock(all)],
      asking('2026-01-01T21:58:30', '2026-01-03T02:01:30'),
      [
        '1d: 02T00:00–03T00:00',
        '1h: 01T22:00–02T00:00, 03T00:00–03T02:00',
        '1m: 01T21:59–01T22:00, 03T02:00–03T02:01',
        'raw: 01T21:58–01T21:59, 03T02:01–03T02:01',
      ],
    ],
    [
      'of quarters of an hour is minutes',
      [stock(all)],
      asking('2026-01-01T10:00', '2026-01-01T12:00', 15 * minuteUs),
      ['1m: 01T10:00–01T12:00'],
    ],
    [
      'of minutes that hold a reading each is readings',
      [stock([file('raw', 0, 1), file('1m', 0, 1, { points: 100 })])],
      asking('2026-01-01T10:00', '2026-01-01T12:00', 15 * minuteUs),
      ['raw: 01T10:00–01T12:00'],
    ],
    [
      'of six hours is hours',
      [stock(all)],
      asking('2026-01-01T00:00', '2026-01-03T00:00', 6 * hourUs),
      ['1h: 01T00:00–03T00:00'],
    ],
    [
      'of less than minutes is readings',
      [stock(all)],
      asking('2026-01-01T00:00', '2026-01-03T00:00', 30e6),
      ['raw: 01T00:00–03T00:00'],
    ],
    [
      'takes the next finer tier where one is missing',
      [stock(filesOf('raw', '1m', '1d'))],
      asking('2026-01-01T12:00', '2026-01-03T00:00', hourUs),
      ['1m: 01T12:00–03T00:00'],
    ],
    [
      'takes the finest there is where readings are gone',
      [stock(filesOf('1h', '1d'))],
      asking('2026-01-01T10:20', '2026-01-02T00:00', 15 * minuteUs),
      ['1h: 01T10:20–02T00:00'],
    ],
    [
      'reads a day with late readings anew',
      [stock([...all, file('sealed', 1.3, 1.4)])],
      asking('2026-01-01T00:00', '2026-01-04T00:00', dayUs),
      ['1d: 01T00:00–02T00:00, 03T00:00–04T00:00', 'raw: 02T00:00–03T00:00'],
    ],
    [
      'adds late readings to the sums of a day whose readings are gone',
      [stock([...filesOf('1h', '1d'), file('sealed', 1.3, 1.4)])],
      asking('2026-01-01T00:00', '2026-01-04T00:00', dayUs),
      ['1d: 01T00:00–04T00:00', 'late: 02T00:00–03T00:00'],
    ],
    [
      'leaves readings aside that came after the others of their day had gone',
      [stock([...filesOf('1h', '1d'), file('raw', 1, 2, { complete: false })])],
      asking('2026-01-02T00:00', '2026-01-03T00:00', hourUs),
      ['1h: 02T00:00–03T00:00'],
    ],
    [
      'takes such readings where nothing else is left',
      [stock([file('raw', 1, 2, { complete: false })])],
      asking('2026-01-01T00:00', '2026-01-04T00:00', dayUs),
      ['raw: 02T00:00–03T00:00'],
    ],
    [
      'reads a day anew of which something is to be forgotten',
      [
        stock(all, {
          erased: [{ fromUs: at('2026-01-02T03:00'), untilUs: at('2026-01-02T04:00') }],
        }),
      ],
      asking('2026-01-01T00:00', '2026-01-04T00:00', dayUs),
      ['1d: 01T00:00–02T00:00, 03T00:00–04T00:00', 'raw: 02T00:00–03T00:00'],
    ],
    [
      'reads what is not compacted',
      [stock([...all, file('sealed', 3.1, 3.2)])],
      asking('2026-01-03T00:00', '2026-01-05T00:00', dayUs),
      ['1d: 03T00:00–04T00:00', 'raw: 04T00:00–05T00:00'],
    ],
    [
      'begins anew after a cut, and is coarse on both sides of it',
      [stock(all)],
      {
        fromUs: at('2026-01-01T00:00'),
        untilUs: at('2026-01-01T12:00'),
        cuts: [at('2026-01-01T09:30')],
        after: (us) =>
          us < at('2026-01-01T09:30') ? at('2026-01-01T09:30') : Number.POSITIVE_INFINITY,
      },
      ['1h: 01T00:00–01T09:00, 01T10:00–01T12:00', '1m: 01T09:00–01T10:00'],
    ],
    [
      'of several series that are kept alike is one',
      [stock(all), { ...stock(all), series: 2 }, { ...stock([file('1d', 1, 2)]), series: 3 }],
      asking('2026-01-01T00:00', '2026-01-04T00:00', dayUs),
      ['1d: 01T00:00–04T00:00'],
    ],
  ])('%s', (_, stocks, asked, expected) => {
    expect(shown(planOf(stocks, days, asked))).toEqual(expected);
  });

  it('chooses the newest value where sources overlap, and only there', () => {
    const asked = asking('2026-01-01T00:00', '2026-01-05T00:00', 1e6);
    const plain = planOf([stock(filesOf('raw'))], days, asked);
    expect(plain.map((part) => part.overlapping)).toEqual([false]);
    const late = file('sealed', 1.3, 1.4);
    const overlapping = planOf([stock([...filesOf('raw'), late])], days, asked);
    expect(overlapping.map((part) => part.overlapping)).toEqual([true]);
  });

  it('covers every instant once, by tiers whose edges are in step with those of the answer', () => {
    const tierUs = { '1m': minuteUs, '1h': hourUs, '1d': dayUs };
    const tiers = fc.subarray(['raw', '1m', '1h', '1d'] as const, { minLength: 1 });
    const instant = fc.integer({ min: 0, max: 3 * 86_400 }).map((s) => firstDayUs + s * 1e6);
    const interval = fc.option(
      fc.constantFrom(1e6, 30e6, minuteUs, 7 * minuteUs, hourUs, 2 * hourUs, dayUs),
    );
    fc.assert(
      fc.property(tiers, instant, instant, interval, (there, one, other, intervalUs) => {
        const [fromUs, untilUs] = [Math.min(one, other), Math.max(one, other)];
        if (fromUs === untilUs) return;
        const iso = (us: number): string => new Date(us / 1000).toISOString().slice(0, -1);
        const asked = asking(iso(fromUs), iso(untilUs), intervalUs ?? undefined);
        const parts = planOf([stock(filesOf(...there))], days, asked);
        const pieces = parts
          .flatMap(({ kind, ranges }) => ranges.map((range) => ({ kind, ...range })))
          .sort((a, b) => a.fromUs - b.fromUs);
        let reached = fromUs;
        for (const piece of pieces) {
          expect(piece.fromUs).toBe(reached);
          reached = piece.untilUs;
          if (piece.kind === 'raw' || !there.includes('raw')) continue;
          const stepUs = tierUs[piece.kind as RollupTier];
          const edges = [piece.fromUs, piece.untilUs];
          if (intervalUs !== null)
            expect(intervalUs % stepUs === 0 || intervalUs > dayUs).toBe(true);
          for (const edge of edges) expect((edge - firstDayUs) % stepUs).toBe(0);
        }
        expect(reached).toBe(untilUs);
      }),
    );
  });
});
