import { describe, expect, it } from 'vitest';
import { isoOfMicroseconds } from '#kernel';
import { type Comparison, earlierTime } from '../../src/telemetry/comparison.ts';
import type { GroupQuery } from '../../src/telemetry/home-history.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { startTelemetry, store } from './support.ts';

const at = (iso: string): number => Date.parse(iso) * 1000;
const berlin = 'Europe/Berlin';

describe('the earlier time', () => {
  it.each<[string, Comparison, string, string, string, string]>([
    [
      'of a week is the same weekdays, over a change of the clocks',
      '1w',
      '2026-03-29T22:00:00Z',
      '2026-04-05T22:00:00Z',
      '2026-03-22T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ],
    [
      'of yesterday is the same hours',
      '1d',
      '2026-03-29T10:00:00Z',
      '2026-03-29T12:00:00Z',
      '2026-03-28T11:00:00.000Z',
      '2026-03-28T13:00:00.000Z',
    ],
    [
      'of a month is the month before, which may be shorter',
      '1mo',
      '2026-02-28T23:00:00Z',
      '2026-03-31T22:00:00Z',
      '2026-01-31T23:00:00.000Z',
      '2026-02-28T23:00:00.000Z',
    ],
    [
      'of a year is the year before, also on a leap day',
      '1y',
      '2028-02-28T23:00:00Z',
      '2028-03-01T23:00:00Z',
      '2027-02-27T23:00:00.000Z',
      '2027-03-01T23:00:00.000Z',
    ],
    [
      'before a few hours is as many hours',
      'previous',
      '2026-01-31T10:00:00Z',
      '2026-01-31T12:30:00Z',
      '2026-01-31T07:30:00.000Z',
      '2026-01-31T10:00:00.000Z',
    ],
    [
      'before days is as many days, one of which may be shorter',
      'previous',
      '2026-03-29T22:00:00Z',
      '2026-03-30T22:00:00Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ],
  ])('%s', (_, comparison, start, end, earlierStart, earlierEnd) => {
    const found = earlierTime(comparison, { startUs: at(start), endUs: at(end) }, berlin);
    expect([isoOfMicroseconds(found.startUs), isoOfMicroseconds(found.endUs)]).toEqual([
      earlierStart,
      earlierEnd,
    ]);
  });

  it('knows which days and hours there were not', () => {
    const span = { startUs: at('2026-03-01T00:00:00Z'), endUs: at('2026-03-31T00:00:00Z') };
    const month = earlierTime('1mo', span, 'UTC');
    expect(month.shift?.(at('2026-03-28T00:00:00Z')).exists).toBe(true);
    expect(month.shift?.(at('2026-03-29T00:00:00Z')).exists).toBe(false);
    // 02:30 of the day on which the clocks went from 2 to 3.
    const day = earlierTime('1d', span, berlin);
    expect(day.shift?.(at('2026-03-30T00:30:00Z')).exists).toBe(false);
    expect(day.shift?.(at('2026-03-30T01:30:00Z')).exists).toBe(true);
  });
});

describe('periods compared', () => {
  async function start(zone: string) {
    const clock = new ManualClock(Date.UTC(2026, 5, 1));
    return startTelemetry({
      directory: await temporaryDirectory(),
      clock,
      config: {
        'home.time_zone': zone,
        'telemetry.retention_days': 1000,
        'limits.messages_per_second': 1e6,
      },
    });
  }

  /** A reading an hour whose value says how long ago it was. */
  const hourly = (from: string, until: string) => {
    const body: { ts: number; n: number }[] = [];
    for (let ts = at(from); ts < at(until); ts += 3600e6) {
      body.push({ ts, n: (ts - at(from)) / 3600e6 });
    }
    return body;
  };

  const query = (start: string, end: string, intervalMs: number): GroupQuery => ({
    groups: [{ deviceIds: ['plug'] }],
    startUs: at(start),
    endUs: at(end),
    intervalMs,
    timeZone: berlin,
    aggregates: ['count', 'first'],
  });

  it('stand side by side day by day, each as long as it was', async () => {
    const { telemetry } = await start(berlin);
    await store(telemetry, 'plug', hourly('2026-03-22T23:00:00Z', '2026-04-05T22:00:00Z'));
    await telemetry.compact();
    const asked = query('2026-03-29T22:00:00Z', '2026-04-05T22:00:00Z', 86_400_000);
    const { series, compared } = await telemetry.compare(asked, '1w');
    expect(series[0]?.rows.map((row) => row.n_count)).toEqual([24, 24, 24, 24, 24, 24, 24]);
    const past = compared.series[0]?.rows ?? [];
    expect(past.map((row) => row.n_count)).toEqual([24, 24, 24, 24, 24, 24, 23]);
    expect(past[0]?.timestamp).toBe('2026-03-22T23:00:00.000Z');
  });

  it('stand side by side hour by hour of the clock, with a hole where there was none', async () => {
    const { telemetry } = await start(berlin);
    await store(telemetry, 'plug', hourly('2026-03-28T23:00:00Z', '2026-03-30T22:00:00Z'));
    const asked = query('2026-03-29T22:00:00Z', '2026-03-30T22:00:00Z', 3_600_000);
    const { series, compared } = await telemetry.compare(asked, '1d');
    expect(series[0]?.rows.length).toBe(24);
    const past = compared.series[0]?.rows ?? [];
    expect(past.map((row) => row.n_first).slice(0, 5)).toEqual([0, 1, null, 2, 3]);
    expect(past[2]?.timestamp).toBeNull();
    expect(past.length).toBe(24);
  });

  it('have a row for every bucket of which either has readings, or for all when filled', async () => {
    const { telemetry } = await start(berlin);
    await store(telemetry, 'plug', [
      { ts: at('2026-05-01T00:30:00Z'), n: 1 },
      { ts: at('2026-05-01T05:30:00Z'), n: 2 },
    ]);
    const asked = query('2026-05-01T03:00:00Z', '2026-05-01T06:00:00Z', 3_600_000);
    const { series, compared } = await telemetry.compare(asked, 'previous');
    expect(series[0]?.rows.map((row) => row.n_first)).toEqual([null, 2]);
    const past = compared.series[0]?.rows ?? [];
    expect(past.map((row) => row.n_first)).toEqual([1, null]);
    expect(past.map((row) => row.timestamp)).toEqual([
      '2026-05-01T00:00:00.000Z',
      '2026-05-01T02:00:00.000Z',
    ]);
    const filled = await telemetry.compare({ ...asked, fill: 'null' }, 'previous');
    expect(filled.series[0]?.rows.map((row) => row.n_first)).toEqual([null, null, 2]);
    expect(filled.compared.series[0]?.rows.map((row) => row.n_first)).toEqual([1, null, null]);
    const alone = await telemetry.series({ ...asked, fill: 'null' });
    expect(alone[0]?.rows.map((row) => row.n_first)).toEqual([null, null, 2]);
  });
});
