import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Telemetry } from '../../src/telemetry/service.ts';
import type { TelemetryRow, Value } from '../../src/telemetry/types.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonMs, noonUs, rowsOf, secondUs, startTelemetry, store } from './support.ts';

async function start(config?: Record<string, unknown>): Promise<Telemetry> {
  const directory = await temporaryDirectory();
  // Far enough in the future that a year of readings is neither ahead nor too late.
  const clock = new ManualClock(noonMs + 400 * 86_400_000);
  const generous = {
    'telemetry.retention_days': 1000,
    'limits.messages_per_second': 1e6,
    ...config,
  };
  return (await startTelemetry({ directory, clock, config: generous })).telemetry;
}

const at = (iso: string): number => Date.parse(iso) * 1000;

describe('history', () => {
  it('is the same whatever the order of arrival, the repetitions and the seals in between', async () => {
    const telemetry = await start();
    let run = 0;
    const value = fc.oneof(fc.integer(), fc.boolean(), fc.constantFrom('on', 'off'));
    const reading = fc.record({
      second: fc.integer({ min: 0, max: 6 }),
      metric: fc.constantFrom('a', 'b'),
      value,
    });
    const step = fc.oneof(
      { weight: 8, arbitrary: reading },
      { weight: 1, arbitrary: fc.constant('seal' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const deviceId = `device-${run++}`;
        const model = new Map<number, Record<string, Value>>();
        for (const one of steps) {
          if (one === 'seal') {
            await telemetry.seal();
            continue;
          }
          const timeUs = noonUs + one.second * secondUs;
          telemetry.submit({
            deviceId,
            body: { ts: timeUs, [one.metric]: one.value },
            source: 'http',
          });
          model.set(timeUs, { ...model.get(timeUs), [one.metric]: one.value });
        }
        await store(telemetry, 'other', { done: true });
        const expected = [...model]
          .sort(([a], [b]) => a - b)
          .map(([timeUs, values]) => ({
            timestamp: new Date(timeUs / 1000).toISOString(),
            ...values,
          }));
        expect(await rowsOf(telemetry, { deviceId })).toEqual(expected);
        expect(await rowsOf(telemetry, { deviceId, order: 'desc' })).toEqual(expected.toReversed());
      }),
      { numRuns: 25 },
    );
  });

  it('comes in pages that fit together, forwards and backwards, across gaps and crowds', async () => {
    const telemetry = await start();
    const times: number[] = [];
    // A crowd of 90,000 points, then a year's gap, then a few.
    for (let n = 0; n < 30_000; n++) times.push(noonUs + n * 1000);
    for (let n = 0; n < 10; n++) times.push(noonUs + 360 * 86_400e6 + n);
    for (let start = 0; start < times.length; start += 1000) {
      const body = times.slice(start, start + 1000).map((ts) => ({ ts, a: ts, b: ts, c: ts }));
      await store(telemetry, 'plug', body);
      if (start === 15_000) await telemetry.seal();
    }
    const span = { deviceId: 'plug', startUs: noonUs, endUs: noonUs + 365 * 86_400e6 };
    const forwards = await rowsOf(telemetry, span);
    expect(forwards.map((row) => row.a)).toEqual(times);
    expect(forwards.every((row) => row.a === row.b && row.b === row.c)).toBe(true);
    const backwards = await rowsOf(telemetry, { ...span, order: 'desc' });
    expect(backwards.map((row) => row.a)).toEqual(times.toReversed());
    const limited = await rowsOf(telemetry, { ...span, order: 'desc', limit: 25_000 });
    expect(limited.map((row) => row.a)).toEqual(times.toReversed().slice(0, 25_000));
  });

  it('keeps numbers, booleans and texts apart, however many there are of each', async () => {
    const telemetry = await start();
    const sent = Array.from({ length: 7000 }, (_, n) => ({
      ts: noonUs + n,
      v: n % 3 === 0 ? `text ${n} ${'and more '.repeat(n % 5)}` : n % 3 === 1 ? n : n % 2 === 0,
    }));
    for (let at = 0; at < sent.length; at += 1000) {
      await store(telemetry, 'plug', sent.slice(at, at + 1000));
      if (at === 3000) await telemetry.seal();
    }
    const rows = await rowsOf(telemetry, { deviceId: 'plug' });
    expect(rows.map((row) => row.v)).toEqual(sent.map(({ v }) => v));
  });

  it('includes its start and excludes its end', async () => {
    const telemetry = await start();
    await store(
      telemetry,
      'plug',
      [0, 1, 2, 3].map((n) => ({ ts: noonUs + n, n })),
    );
    const rows = await rowsOf(telemetry, {
      deviceId: 'plug',
      startUs: noonUs + 1,
      endUs: noonUs + 3,
    });
    expect(rows.map((row) => row.n)).toEqual([1, 2]);
  });

  it('has only the fields that are asked for, and no rows without them', async () => {
    const telemetry = await start();
    await store(telemetry, 'plug', [
      { ts: noonUs, a: 1, b: 2 },
      { ts: noonUs + 1, b: 3 },
    ]);
    await telemetry.seal();
    await store(telemetry, 'plug', { ts: noonUs + 2, a: 4, b: 5 });
    expect(await rowsOf(telemetry, { deviceId: 'plug', fields: ['a'] })).toEqual([
      { timestamp: '2026-01-31T12:00:00.000Z', a: 1 },
      { timestamp: '2026-01-31T12:00:00.000002Z', a: 4 },
    ]);
  });

  it('of a device that never sent anything is empty', async () => {
    const telemetry = await start();
    expect(await rowsOf(telemetry, { deviceId: 'nobody' })).toEqual([]);
    expect(await rowsOf(telemetry, { deviceId: 'nobody', intervalMs: 60_000 })).toEqual([]);
  });
});

describe('buckets of history', () => {
  it('agree with a plain computation, a minute at a time, over files and tail', async () => {
    const telemetry = await start();
    const sent: { ts: number; power: number }[] = [];
    for (let n = 0; n < 1800; n++)
      sent.push({ ts: noonUs + n * 2 * secondUs, power: (n * 37) % 101 });
    for (let start = 0; start < sent.length; start += 600) {
      await store(telemetry, 'plug', sent.slice(start, start + 600));
      if (start < 1200) await telemetry.seal();
    }
    const expected: TelemetryRow[] = [];
    for (let minute = 0; minute < 60; minute++) {
      const startUs = noonUs + minute * 60 * secondUs;
      const values = sent
        .filter(({ ts }) => ts >= startUs && ts < startUs + 60 * secondUs)
        .map(({ power }) => power);
      expected.push({
        timestamp: new Date(startUs / 1000).toISOString(),
        power_avg: expect.closeTo(values.reduce((a, b) => a + b) / values.length, 9),
        power_min: Math.min(...values),
        power_max: Math.max(...values),
      });
    }
    const query = { deviceId: 'plug', intervalMs: 60_000 };
    expect(await rowsOf(telemetry, query)).toEqual(expected);
    const last = await rowsOf(telemetry, { ...query, order: 'desc', limit: 7 });
    expect(last).toEqual(expected.toReversed().slice(0, 7));
  });

  it('give booleans and texts back as first and last, and a boolean its share as avg', async () => {
    const telemetry = await start();
    const sent = [
      { on: true, mode: 'eco' },
      { on: false, mode: 'boost' },
      { on: false, mode: 'off' },
      { on: false },
    ];
    await store(
      telemetry,
      'plug',
      sent.map((body, n) => ({ ...body, ts: noonUs + n })),
    );
    const query = { deviceId: 'plug', intervalMs: 60_000 };
    const aggregates = ['avg', 'count', 'first', 'last'] as const;
    expect(await rowsOf(telemetry, { ...query, aggregates })).toEqual([
      {
        timestamp: '2026-01-31T12:00:00.000Z',
        on_avg: 0.25,
        on_count: 4,
        on_first: true,
        on_last: false,
        mode_count: 3,
        mode_first: 'eco',
        mode_last: 'off',
      },
    ]);
  });

  it('are left out where nothing was sent, and null within a bucket where a metric was not', async () => {
    const telemetry = await start();
    await store(telemetry, 'plug', [
      { ts: noonUs, a: 1 },
      { ts: noonUs + 120 * secondUs, b: 2 },
    ]);
    const query = { deviceId: 'plug', intervalMs: 60_000, aggregates: ['avg'] } as const;
    expect(await rowsOf(telemetry, query)).toEqual([
      { timestamp: '2026-01-31T12:00:00.000Z', a_avg: 1, b_avg: null },
      { timestamp: '2026-01-31T12:02:00.000Z', a_avg: null, b_avg: 2 },
    ]);
    const span = { startUs: noonUs - 60 * secondUs, endUs: noonUs + 180 * secondUs };
    expect(await rowsOf(telemetry, { ...query, ...span, fill: 'null' })).toEqual([
      { timestamp: '2026-01-31T11:59:00.000Z', a_avg: null, b_avg: null },
      { timestamp: '2026-01-31T12:00:00.000Z', a_avg: 1, b_avg: null },
      { timestamp: '2026-01-31T12:01:00.000Z', a_avg: null, b_avg: null },
      { timestamp: '2026-01-31T12:02:00.000Z', a_avg: null, b_avg: 2 },
    ]);
    const empty = { ...span, endUs: noonUs - 30 * secondUs, fill: 'null' } as const;
    expect(await rowsOf(telemetry, { ...query, ...empty })).toEqual([
      { timestamp: '2026-01-31T11:59:00.000Z' },
    ]);
  });

  it('of a day follow the clocks: 23 hours in spring, 25 in autumn', async () => {
    const telemetry = await start();
    const zone = {
      timeZone: 'Europe/Berlin',
      intervalMs: 86_400_000,
      aggregates: ['count'],
    } as const;
    for (const [from, until] of [
      ['2026-03-27T23:00:00Z', '2026-03-31T00:00:00Z'],
      ['2026-10-23T22:00:00Z', '2026-10-27T00:00:00Z'],
    ] as const) {
      const hourly: { ts: number; n: number }[] = [];
      for (let ts = at(from); ts < at(until); ts += 3600e6) hourly.push({ ts, n: 1 });
      await store(telemetry, from.slice(0, 7), hourly);
    }
    const spring = {
      deviceId: '2026-03',
      startUs: at('2026-03-27T23:00:00Z'),
      endUs: at('2026-03-30T22:00:00Z'),
    };
    expect(await rowsOf(telemetry, { ...spring, ...zone })).toEqual([
      { timestamp: '2026-03-27T23:00:00.000Z', n_count: 24 },
      { timestamp: '2026-03-28T23:00:00.000Z', n_count: 23 },
      { timestamp: '2026-03-29T22:00:00.000Z', n_count: 24 },
    ]);
    const autumn = {
      deviceId: '2026-10',
      startUs: at('2026-10-23T22:00:00Z'),
      endUs: at('2026-10-26T23:00:00Z'),
    };
    expect(await rowsOf(telemetry, { ...autumn, ...zone })).toEqual([
      { timestamp: '2026-10-23T22:00:00.000Z', n_count: 24 },
      { timestamp: '2026-10-24T22:00:00.000Z', n_count: 25 },
      { timestamp: '2026-10-25T23:00:00.000Z', n_count: 24 },
    ]);
  });

  it('come in pages that fit together', async () => {
    const telemetry = await start();
    const sent = Array.from({ length: 12_000 }, (_, n) => ({ ts: noonUs + n * secondUs, n }));
    for (let start = 0; start < sent.length; start += 1000) {
      await store(telemetry, 'plug', sent.slice(start, start + 1000));
    }
    const query = { deviceId: 'plug', intervalMs: 1000, aggregates: ['sum'] } as const;
    const numbers = sent.map(({ n }) => n);
    expect((await rowsOf(telemetry, query)).map((row) => row.n_sum)).toEqual(numbers);
    const backwards = await rowsOf(telemetry, { ...query, order: 'desc' });
    expect(backwards.map((row) => row.n_sum)).toEqual(numbers.toReversed());
  });

  it.each(['asc', 'desc'] as const)(
    'cost nothing where there are no readings, %s',
    async (order) => {
      const telemetry = await start();
      await store(telemetry, 'plug', { ts: noonUs, n: 1 });
      await store(telemetry, 'plug', { ts: noonUs + 300 * 86_400 * secondUs, n: 2 });
      const span = { startUs: noonUs, endUs: noonUs + 301 * 86_400 * secondUs };
      const query = {
        deviceId: 'plug',
        ...span,
        intervalMs: 1,
        aggregates: ['last'],
        order,
      } as const;
      const values = (await rowsOf(telemetry, query)).map((row) => row.n_last);
      expect(values).toEqual(order === 'asc' ? [1, 2] : [2, 1]);
    },
  );

  it('in a time zone that there is not are refused by name', async () => {
    const telemetry = await start();
    await store(telemetry, 'plug', { ts: noonUs, n: 1 });
    const query = { deviceId: 'plug', intervalMs: 1000, timeZone: 'Europe/Atlantis' };
    await expect(rowsOf(telemetry, query)).rejects.toMatchObject({
      code: 'bad_request',
      field: 'tz',
    });
  });
});

describe('statistics', () => {
  it('sum up each metric, once for each time', async () => {
    const telemetry = await start();
    const sent = Array.from({ length: 101 }, (_, n) => ({
      ts: noonUs + n * secondUs,
      n,
      mode: `m${n}`,
    }));
    await store(telemetry, 'plug', sent);
    await telemetry.seal();
    await store(telemetry, 'plug', sent.slice(50));
    const { metrics, energyKwh } = await telemetry.statistics({
      deviceId: 'plug',
      startUs: noonUs,
      endUs: noonUs + 3600e6,
    });
    expect(metrics).toEqual({
      n: {
        count: 101,
        min: 0,
        max: 100,
        avg: 50,
        sum: 5050,
        first: 0,
        last: 100,
        p50: 50,
        p95: 95,
        p99: 99,
      },
      mode: {
        count: 101,
        min: null,
        max: null,
        avg: null,
        sum: null,
        first: 'm0',
        last: 'm100',
        p50: null,
        p95: null,
        p99: null,
      },
    });
    expect(energyKwh).toBeNull();
  });

  it.each<[string, readonly [minute: number, watts: number][], number | null]>([
    [
      'a constant load',
      [
        [0, 1000],
        [10, 1000],
        [20, 1000],
        [30, 1000],
      ],
      0.5,
    ],
    [
      'a ramp, by trapezoids',
      [
        [0, 0],
        [6, 600],
        [12, 1200],
      ],
      0.12,
    ],
    [
      'nothing across a gap of more than 15 minutes',
      [
        [0, 1000],
        [6, 1000],
        [60, 1000],
        [66, 1000],
      ],
      0.2,
    ],
    ['nothing at all from one reading', [[0, 1000]], null],
  ])('integrate energy from power: %s', async (_, readings, kwh) => {
    const telemetry = await start();
    await store(
      telemetry,
      'plug',
      readings.map(([minute, power]) => ({ ts: noonUs + minute * 60e6, power })),
    );
    const { energyKwh } = await telemetry.statistics({
      deviceId: 'plug',
      startUs: noonUs,
      endUs: noonUs + 7200e6,
    });
    expect(energyKwh).toEqual(kwh === null ? null : expect.closeTo(kwh, 9));
  });
});
