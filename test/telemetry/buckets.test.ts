import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoOfMicroseconds, Zone } from '#kernel';
import { Buckets } from '../../src/telemetry/buckets.ts';

const at = (iso: string): number => Date.parse(iso) * 1000;
const minuteUs = 60e6;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;

/** The buckets between two times, as pairs of beginning and length in hours. */
function cut(intervalUs: number, zone: string, from: string, until: string): [string, number][] {
  const buckets = new Buckets(intervalUs, zone, at(from), at(until));
  const found: [string, number][] = [];
  for (let start = buckets.floor(at(from)); start < at(until); start = buckets.after(start)) {
    found.push([isoOfMicroseconds(start), (buckets.after(start) - start) / hourUs]);
  }
  return found;
}

describe('buckets', () => {
  it.each<[string, number, string, string, string, [string, number][]]>([
    [
      'days in UTC last 24 hours',
      dayUs,
      'UTC',
      '2026-03-28T05:00:00Z',
      '2026-03-30T00:00:00Z',
      [
        ['2026-03-28T00:00:00.000Z', 24],
        ['2026-03-29T00:00:00.000Z', 24],
      ],
    ],
    [
      'a day of 23 hours when the clocks go forward',
      dayUs,
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      '2026-03-30T12:00:00Z',
      [
        ['2026-03-27T23:00:00.000Z', 24],
        ['2026-03-28T23:00:00.000Z', 23],
        ['2026-03-29T22:00:00.000Z', 24],
      ],
    ],
    [
      'a day of 25 hours when they go back',
      dayUs,
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      '2026-10-26T12:00:00Z',
      [
        ['2026-10-23T22:00:00.000Z', 24],
        ['2026-10-24T22:00:00.000Z', 25],
        ['2026-10-25T23:00:00.000Z', 24],
      ],
    ],
    [
      'the hour that is repeated is two hours',
      hourUs,
      'Europe/Berlin',
      '2026-10-25T00:00:00Z',
      '2026-10-25T03:00:00Z',
      [
        ['2026-10-25T00:00:00.000Z', 1],
        ['2026-10-25T01:00:00.000Z', 1],
        ['2026-10-25T02:00:00.000Z', 1],
      ],
    ],
    [
      'hours begin on the hour where zones are half an hour off',
      hourUs,
      'Asia/Kolkata',
      '2026-01-01T00:00:00Z',
      '2026-01-01T01:00:00Z',
      [
        ['2025-12-31T23:30:00.000Z', 1],
        ['2026-01-01T00:30:00.000Z', 1],
      ],
    ],
    [
      'a change by half an hour cuts the hour it comes in',
      hourUs,
      'Australia/Lord_Howe',
      '2026-04-04T14:00:00Z',
      '2026-04-04T16:30:00Z',
      [
        ['2026-04-04T14:00:00.000Z', 1],
        ['2026-04-04T15:00:00.000Z', 0.5],
        ['2026-04-04T15:30:00.000Z', 1],
      ],
    ],
    [
      'weeks begin on Mondays',
      7 * dayUs,
      'UTC',
      '2026-01-31T12:00:00Z',
      '2026-02-02T12:00:00Z',
      [
        ['2026-01-26T00:00:00.000Z', 168],
        ['2026-02-02T00:00:00.000Z', 168],
      ],
    ],
    [
      'a day whose midnight does not exist begins when the gap ends',
      dayUs,
      'America/Havana',
      '2026-03-08T12:00:00Z',
      '2026-03-09T12:00:00Z',
      [
        ['2026-03-08T05:00:00.000Z', 23],
        ['2026-03-09T04:00:00.000Z', 24],
      ],
    ],
    [
      'quarters of a day follow the wall clock',
      6 * hourUs,
      'Europe/Berlin',
      '2026-10-24T22:00:00Z',
      '2026-10-25T12:00:00Z',
      [
        ['2026-10-24T22:00:00.000Z', 7],
        ['2026-10-25T05:00:00.000Z', 6],
        ['2026-10-25T11:00:00.000Z', 6],
      ],
    ],
  ])('%s', (_, intervalUs, zone, from, until, expected) => {
    expect(cut(intervalUs, zone, from, until)).toEqual(expected);
  });
});

describe('buckets in SQL', () => {
  it('are those of the clock here, each one stretch of time', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'America/Havana',
      'America/St_Johns',
      'Pacific/Apia',
    );
    const minutes = fc.constantFrom(1, 7, 15, 45, 60, 90, 150, 360, 1440, 10_080);
    const around = fc.constantFrom(
      at('1970-01-01T00:00:00Z'),
      at('2011-12-30T10:00:00Z'),
      at('2026-03-29T01:00:00Z'),
      at('2026-04-04T15:00:00Z'),
      at('2026-10-04T15:30:00Z'),
      at('2026-11-01T05:00:00Z'),
    );
    const offsets = fc.array(fc.integer({ min: -3 * 86_400, max: 3 * 86_400 }), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(zone, minutes, around, offsets, async (name, width, centre, some) => {
        const times = some.map((seconds) => Math.max(0, centre + seconds * 1e6));
        const [first, last] = [Math.min(...times), Math.max(...times)];
        const buckets = new Buckets(width * minuteUs, name, first, last + 1);
        const result = await connection.runAndReadAll(
          `SELECT us::DOUBLE, (${buckets.startSql('key')})::DOUBLE, (${buckets.endSql('key')})::DOUBLE
           FROM (SELECT us, ${buckets.keySql('us')} AS key
                 FROM (SELECT unnest([${times}])::BIGINT AS us))`,
        );
        for (const [us, startUs, endUs] of result.getRows() as [number, number, number][]) {
          expect([startUs, endUs]).toEqual([buckets.floor(us), buckets.after(us)]);
          expect(startUs).toBeLessThanOrEqual(us);
          expect(endUs).toBeGreaterThan(us);
          expect(buckets.floor(startUs)).toBe(startUs);
          if (endUs <= last) expect(buckets.floor(endUs)).toBe(endUs);
          expect(buckets.floor(endUs - 1)).toBe(startUs);
        }
      }),
      { numRuns: 300 },
    );
    connection.closeSync();
    instance.closeSync();
  });
});

describe('a time zone', () => {
  it('knows both changes of a year, to the second', () => {
    const spans = new Zone('Europe/Berlin').offsets(
      at('2026-01-01T00:00:00Z'),
      at('2027-01-01T00:00:00Z'),
    );
    expect(spans.map((span) => [isoOfMicroseconds(span.fromUs), span.offsetUs / hourUs])).toEqual([
      ['2026-01-01T00:00:00.000Z', 1],
      ['2026-03-29T01:00:00.000Z', 2],
      ['2026-10-25T01:00:00.000Z', 1],
    ]);
  });

  it('answers the first of two instants that a local time means', () => {
    const local = at('2026-10-25T02:30:00Z');
    expect(isoOfMicroseconds(new Zone('Europe/Berlin').instantOf(local))).toBe(
      '2026-10-25T00:30:00.000Z',
    );
  });

  it('refuses a name that is none', () => {
    expect(() => new Zone('Europe/Atlantis')).toThrow(RangeError);
  });
});
