import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thin, thinnings } from '../../src/telemetry/downsample.ts';
import { thinColumns } from '../../src/telemetry/thinning.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, rowsOf, secondUs, startTelemetry, store } from './support.ts';

describe.each(thinnings)('a curve thinned by %s', (thinning) => {
  it('has no more points than asked for, in order, and among them the highest and the lowest', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), {
      minLength: 1,
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 120 }), (curve, most) => {
        const times = curve.map((_, n) => n * 10 + (n % 3));
        const kept = thin({ times, values: curve }, most, thinning);
        expect(kept.length).toBeLessThanOrEqual(most);
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
        const left = kept.map((at) => curve[at] as number);
        expect(Math.max(...left)).toBe(Math.max(...curve));
        expect(Math.min(...left)).toBe(Math.min(...curve));
      }),
    );
  });

  it('uses most of the points it may', () => {
    const values = Array.from({ length: 5000 }, (_, n) => Math.sin(n / 9) * n);
    const kept = thin({ times: values.map((_, n) => n), values }, 200, thinning);
    expect(kept.length).toBeGreaterThan(150);
  });

  it('keeps a single spike of a flat line', () => {
    const values = Array.from({ length: 10_000 }, (_, n) => (n === 6543 ? 99 : 1));
    expect(thin({ times: values.map((_, n) => n), values }, 20, thinning)).toContain(6543);
  });
});

it('columns share the rows there may be, and texts keep their changes', () => {
  const timesUs = Array.from({ length: 1000 }, (_, n) => n);
  const columns = thinColumns(
    [
      { name: 'n', timesUs, values: timesUs.map((n) => (n * 37) % 101) },
      { name: 'mode', timesUs, values: timesUs.map((n) => (n === 500 ? 'boost' : 'eco')) },
    ],
    50,
    'lttb',
  );
  const times = new Set(columns.flatMap((column) => column.timesUs));
  expect(times.size).toBeLessThanOrEqual(50);
  expect(columns[1]?.values).toContain('boost');
  expect(() => thinColumns(columns, 3, 'lttb')).toThrow('points cannot be 3');
});

describe('a chart', () => {
  const count = 40_000;

  it('of more readings than fit into memory at once has its peaks, in files and tail', async () => {
    const { telemetry } = await startTelemetry({
      directory: await temporaryDirectory(),
      config: { 'limits.messages_per_second': 1e6 },
    });
    const value = (n: number): number => (n === 20_001 ? 1000 : n === 33_456 ? -1000 : n % 100);
    const startUs = noonUs - (count + 1) * 100_000;
    for (let from = 0; from < count; from += 1000) {
      const body = Array.from({ length: 1000 }, (_, i) => ({
        ts: startUs + (from + i) * 100_000,
        power: value(from + i),
        on: (from + i) % 2 === 0,
        mode: from + i < 30_000 ? 'eco' : 'boost',
      }));
      await store(telemetry, 'plug', body);
      if (from === 25_000) await telemetry.seal();
    }
    for (const thinning of thinnings) {
      const query = { deviceId: 'plug', points: 600, thinning } as const;
      const rows = await rowsOf(telemetry, query);
      expect(rows.length).toBeLessThanOrEqual(600);
      expect(rows.length).toBeGreaterThan(200);
      const powers = rows.map((row) => row.power).filter((one) => one !== undefined);
      expect(powers).toContain(1000);
      expect(powers).toContain(-1000);
      expect(new Set(rows.map((row) => row.mode))).toEqual(new Set(['eco', 'boost', undefined]));
      const backwards = await rowsOf(telemetry, { ...query, order: 'desc' });
      expect(backwards).toEqual(rows.toReversed());
    }
  });

  it('of buckets is thinned as one of readings is, and of few rows not at all', async () => {
    const { telemetry } = await startTelemetry({ directory: await temporaryDirectory() });
    const body = Array.from({ length: 600 }, (_, n) => ({
      ts: noonUs + n * secondUs,
      power: n === 300 ? 5000 : n % 7,
    }));
    await store(telemetry, 'plug', body);
    const query = { deviceId: 'plug', intervalMs: 2000, aggregates: ['max'] } as const;
    const whole = await rowsOf(telemetry, query);
    expect(await rowsOf(telemetry, { ...query, points: 300 })).toEqual(whole);
    const rows = await rowsOf(telemetry, { ...query, points: 30 });
    expect(rows.length).toBeLessThanOrEqual(30);
    expect(rows.map((row) => row.power_max)).toContain(5000);
    const few = rowsOf(telemetry, { ...query, aggregates: ['max', 'min'], points: 3 });
    await expect(few).rejects.toMatchObject({ code: 'bad_request', field: 'points' });
  });
});
