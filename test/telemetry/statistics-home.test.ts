import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { type Caller, type HearthEnv, localCaller, sightWith } from '#auth';
import { isHearthError } from '#kernel';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, noonUs, secondUs, startTelemetry, store } from './support.ts';

const guest: Caller = { kind: 'person', sessionId: 's1', id: 'g', name: 'Guest', role: 'guest' };

const known = [
  { id: 'heater', type: 'plug', room: 'bath' },
  { id: 'fan', type: 'fan', room: 'bath' },
  { id: 'lamp', type: 'plug', room: null },
];

/** What answers may say, whichever they are. */
interface Answer {
  readonly series: readonly {
    readonly device_id?: string;
    readonly devices?: readonly string[];
    readonly data: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly compared: unknown;
  readonly truncated: boolean;
  readonly devices: Readonly<Record<string, { readonly withheld?: readonly string[] }>>;
}

/** Routes over a home of three devices, of which a guest sees two. */
async function start() {
  const bench = await startTelemetry({
    directory: await temporaryDirectory(),
    exists: (id) => known.some((one) => one.id === id),
    sensitiveOf: (id) => new Set(id === 'fan' ? ['presence'] : []),
  });
  const rooms = { list: () => [{ id: 'bath', name: 'Bath' }] };
  Object.assign(bench.telemetry.devices, { list: () => known, rooms });
  const shared = {
    accessTo: (_: string, deviceId: string) =>
      deviceId === 'lamp' ? undefined : ('read' as const),
    devicesOf: () => ['heater', 'fan'],
  };
  const ask = async (path: string, caller: Caller = localCaller) => {
    const api = new OpenAPIHono<HearthEnv>();
    api.use(async (context, next) => {
      context.set('caller', caller);
      context.set('sight', sightWith(caller, shared));
      await next();
    });
    api.onError((error, context) => {
      if (!isHearthError(error)) throw error;
      const status = error.code === 'not_found' ? 404 : 400;
      return context.json({ code: error.code, field: error.field }, status);
    });
    bench.telemetry.routes(api);
    const response = await api.request(path);
    return { status: response.status, body: (await response.json()) as Answer };
  };
  return { ...bench, ask };
}

async function fill({ telemetry }: Bench): Promise<void> {
  const minutes = Array.from({ length: 21 }, (_, n) => noonUs - (20 - n) * 60 * secondUs - 1);
  await store(
    telemetry,
    'heater',
    minutes.map((ts) => ({ ts, power: 1200 })),
  );
  await store(
    telemetry,
    'fan',
    minutes.map((ts) => ({ ts, power: 60, mode: 'low' })),
  );
  await store(
    telemetry,
    'lamp',
    minutes.map((ts, n) => ({ ts, power: n, on: n % 2 === 0 })),
  );
}

const span = 'start=2026-01-31T11:00:00Z&end=2026-01-31T12:00:00Z';

describe('GET /telemetry', () => {
  it('answers a series for each device', async () => {
    const bench = await start();
    await fill(bench);
    const { status, body } = await bench.ask(`/telemetry?${span}&interval=1h&agg=avg,count`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ interval: '1h', group: 'device', truncated: false });
    expect(body.series).toEqual([
      {
        device_id: 'heater',
        data: [{ timestamp: '2026-01-31T11:00:00.000Z', power_avg: 1200, power_count: 21 }],
      },
      {
        device_id: 'fan',
        data: [
          {
            timestamp: '2026-01-31T11:00:00.000Z',
            mode_avg: null,
            mode_count: 21,
            power_avg: 60,
            power_count: 21,
          },
        ],
      },
      {
        device_id: 'lamp',
        data: [
          {
            timestamp: '2026-01-31T11:00:00.000Z',
            on_avg: expect.closeTo(11 / 21, 9),
            on_count: 21,
            power_avg: 10,
            power_count: 21,
          },
        ],
      },
    ]);
  });

  it.each([
    [
      'room',
      [
        { room: 'bath', room_name: 'Bath', devices: ['heater', 'fan'], avg: 630, kwh: 0.42 },
        { room: null, room_name: null, devices: ['lamp'], avg: 10, kwh: 200 / 60_000 },
      ],
    ],
    [
      'type',
      [
        { type: 'plug', devices: ['heater', 'lamp'], avg: 605, kwh: 0.4 + 200 / 60_000 },
        { type: 'fan', devices: ['fan'], avg: 60, kwh: 0.02 },
      ],
    ],
    ['home', [{ devices: ['heater', 'fan', 'lamp'], avg: 1270 / 3, kwh: 0.42 + 200 / 60_000 }]],
  ])('sums up by %s', async (group, expected) => {
    const bench = await start();
    await fill(bench);
    const path = `/telemetry?${span}&interval=1h&agg=avg,energy&fields=power&group=${group}`;
    const { body } = await bench.ask(path);
    expect(body.series).toEqual(
      expected.map(({ avg, kwh, ...head }) => ({
        ...head,
        data: [
          {
            timestamp: '2026-01-31T11:00:00.000Z',
            power_avg: expect.closeTo(avg, 9),
            power_energy: expect.closeTo(kwh, 9),
          },
        ],
      })),
    );
  });

  it('knows only the devices that its caller sees', async () => {
    const bench = await start();
    await fill(bench);
    const named = async (query: string) => {
      const { body } = await bench.ask(`/telemetry?${span}&${query}`, guest);
      return body.series.flatMap((one) => one.devices ?? one.device_id);
    };
    expect(await named('')).toEqual(['heater', 'fan']);
    expect(await named('type=plug')).toEqual(['heater']);
    expect(await named('group=home')).toEqual(['heater', 'fan']);
    expect(await bench.ask(`/telemetry?devices=lamp`, guest)).toEqual({
      status: 404,
      body: { code: 'not_found', field: 'id' },
    });
  });

  it('compares with an earlier time, row by row', async () => {
    const bench = await start();
    const day = 86_400 * secondUs;
    await store(bench.telemetry, 'lamp', [
      { ts: noonUs - 1, power: 5 },
      { ts: noonUs - day - 1, power: 3 },
    ]);
    const path = `/telemetry?devices=lamp&${span}&interval=30m&agg=last&compare=1d`;
    const { body } = await bench.ask(path);
    expect(body.series[0]?.data.map((row) => row.power_last)).toEqual([5]);
    expect(body.compared).toEqual({
      start: '2026-01-30T11:00:00.000Z',
      end: '2026-01-30T12:00:00.000Z',
      series: [
        {
          device_id: 'lamp',
          data: [{ timestamp: '2026-01-30T11:30:00.000Z', power_last: 3 }],
        },
      ],
    });
    const filled = await bench.ask(`${path}&fill=null`);
    expect(filled.body.series[0]?.data.map((row) => row.power_last)).toEqual([null, 5]);
    expect(filled.body.compared).toMatchObject({
      series: [{ data: [{ power_last: null }, { power_last: 3 }] }],
    });
    const limited = await bench.ask(`${path}&limit=1`);
    expect(limited.body).toMatchObject({
      truncated: false,
      series: [{ data: [{ power_last: 5 }] }],
    });
  });

  it('cuts each series off at the limit, and says so', async () => {
    const bench = await start();
    await fill(bench);
    const { body } = await bench.ask(`/telemetry?${span}&interval=1m&limit=3`);
    expect(body.series.map((one) => one.data.length)).toEqual([3, 3, 3]);
    expect(body.truncated).toBe(true);
  });

  it.each([
    ['devices=lamp&room=bath', 'room'],
    ['interval=1s&start=-300d', 'interval'],
    ['agg=median', 'agg'],
    ['tz=Europe/Atlantis', 'tz'],
    ['limit=0', 'limit'],
  ])('refuses ?%s by name', async (query, field) => {
    const bench = await start();
    await fill(bench);
    expect(await bench.ask(`/telemetry?${query}`)).toEqual({
      status: 400,
      body: { code: 'bad_request', field },
    });
  });
});

describe('GET /telemetry/statistics', () => {
  it('sums up several devices, and tells nobody of those they do not see', async () => {
    const bench = await start();
    await fill(bench);
    const sums = (power: number) => ({
      count: 21,
      min: power,
      max: power,
      avg: power,
      sum: power * 21,
      first: power,
      last: power,
    });
    const { body } = await bench.ask(`/telemetry/statistics?${span}&fields=power`, guest);
    expect(body).toEqual({
      start: '2026-01-31T11:00:00.000Z',
      end: '2026-01-31T12:00:00.000Z',
      devices: {
        heater: { metrics: { power: sums(1200) }, energy_kwh: expect.closeTo(0.4, 9) },
        fan: { metrics: { power: sums(60) }, energy_kwh: expect.closeTo(0.02, 9) },
      },
    });
  });

  it('names what is withheld', async () => {
    const bench = await start();
    await fill(bench);
    const { body } = await bench.ask(`/telemetry/statistics?${span}&devices=fan`, guest);
    expect(body.devices.fan?.withheld).toEqual(['presence']);
  });

  it('of days compacted are those of the readings', async () => {
    const bench = await start();
    await fill(bench);
    const before = await bench.ask(`/telemetry/statistics?${span}`);
    await bench.telemetry.compact();
    expect(await bench.ask(`/telemetry/statistics?${span}`)).toEqual(before);
  });
});
