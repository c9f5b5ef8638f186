import { OpenAPIHono } from '@hono/zod-openapi';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { describe, expect, it } from 'vitest';
import { type Caller, type HearthEnv, localCaller } from '#auth';
import { isHearthError } from '#kernel';
import type { Telemetry } from '../../src/telemetry/service.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, secondUs, startTelemetry, store } from './support.ts';

const device: Caller = { kind: 'device', id: 'plug', name: 'plug', role: 'device' };
const guest: Caller = { kind: 'person', sessionId: 's1', id: 'g', name: 'Guest', role: 'guest' };

/** Telemetry's routes alone, with errors as plain JSON of their code and field. */
function app(telemetry: Telemetry, caller: Caller | undefined) {
  const api = new OpenAPIHono<HearthEnv>();
  api.use(async (context, next) => {
    context.set('caller', caller);
    await next();
  });
  api.onError((error, context) => {
    if (!isHearthError(error)) throw error;
    const status = statusOf[error.code] ?? 500;
    return context.json({ code: error.code, field: error.field, message: error.message }, status);
  });
  telemetry.routes(api);
  return api;
}

const statusOf: Partial<Record<string, ContentfulStatusCode>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  unprocessable: 422,
  too_many_requests: 429,
};

async function start(config: Record<string, unknown> = {}) {
  const bench = await startTelemetry({ directory: await temporaryDirectory(), config });
  const ask = (path: string, caller: Caller = localCaller) =>
    app(bench.telemetry, caller).request(path);
  const post = (body: unknown, caller: Caller = device) =>
    app(bench.telemetry, caller).request('/devices/telemetry', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { ...bench, ask, post };
}

describe('POST /devices/telemetry', () => {
  let post: Awaited<ReturnType<typeof start>>['post'];

  it.each<[string, unknown, number, unknown]>([
    ['takes one reading', { power: 1 }, 201, { accepted: 1, rejected: [] }],
    ['takes many', [{ power: 1 }, { power: 2 }], 201, { accepted: 2, rejected: [] }],
    [
      'takes what it can and names the rest',
      { power: 1, voltage: null },
      202,
      {
        accepted: 1,
        rejected: [{ index: 0, field: 'voltage', reason: 'is null, which is no value' }],
      },
    ],
    [
      'refuses what holds nothing, by field and value',
      { power: [1] },
      422,
      {
        code: 'unprocessable',
        field: 'power',
        message: 'power is an array; send one value a metric',
      },
    ],
    [
      'refuses what is not JSON',
      '{',
      422,
      { code: 'unprocessable', field: 'payload', message: 'payload is not JSON' },
    ],
  ])('%s', async (_, body, status, answer) => {
    ({ post } = await start());
    const response = await post(body);
    expect({ status: response.status, answer: await response.json() }).toEqual({ status, answer });
  });

  it('is for devices only', async () => {
    ({ post } = await start());
    expect((await post({ power: 1 }, localCaller)).status).toBe(403);
  });

  it('says when to come back to a device that sends too fast', async () => {
    ({ post } = await start({ 'limits.messages_per_second': 1 }));
    expect((await post({ power: 1 })).status).toBe(201);
    expect((await post({ power: 1 })).status).toBe(429);
  });
});

describe('GET /devices/{id}/telemetry', () => {
  it('answers the last 24 hours by default, as the documented API does', async () => {
    const { telemetry, ask } = await start();
    await store(telemetry, 'plug', { ts: noonUs - 3600 * secondUs, power: 60.5, relay: true });
    const response = await ask('/devices/plug/telemetry');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      device_id: 'plug',
      start: '2026-01-30T12:00:00.000Z',
      end: '2026-01-31T12:00:00.000Z',
      interval: null,
      data: [{ timestamp: '2026-01-31T11:00:00.000Z', power: 60.5, relay: true }],
      total_points: 1,
      truncated: false,
    });
  });

  it('answers buckets with avg, min and max, and says when the limit cut it off', async () => {
    const { telemetry, ask } = await start();
    const body = [0, 1, 2, 3].map((n) => ({
      ts: noonUs - n * 1800 * secondUs,
      power: n,
      on: true,
    }));
    await store(telemetry, 'plug', body);
    const path =
      '/devices/plug/telemetry?start=-3h&end=2026-01-31T12:30:00Z&interval=1h&fields=power&limit=1';
    expect(await (await ask(path)).json()).toMatchObject({
      interval: '1h',
      data: [{ timestamp: '2026-01-31T10:00:00.000Z', power_avg: 3, power_min: 3, power_max: 3 }],
      total_points: 1,
      truncated: true,
    });
  });

  it('answers CSV with every column, quoted where it must be', async () => {
    const { telemetry, ask } = await start();
    await store(telemetry, 'plug', [
      { ts: noonUs - 2, power: 1 },
      { ts: noonUs - 1, mode: 'a "b", c' },
    ]);
    const response = await ask('/devices/plug/telemetry?format=csv');
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await response.text()).toBe(
      'timestamp,mode,power\r\n' +
        '2026-01-31T11:59:59.999998Z,,1\r\n' +
        '2026-01-31T11:59:59.999999Z,"a ""b"", c",\r\n',
    );
  });

  it('answers CSV with empty cells for fields that are only the names of what objects inherit', async () => {
    const { telemetry, ask } = await start();
    const longAgo = { constructor: 1, toString: 1 };
    await store(telemetry, 'plug', [
      { ts: noonUs - 2 * 86_400 * secondUs, ...longAgo },
      { ts: noonUs - 1, power: 1 },
    ]);
    const path = '/devices/plug/telemetry?format=csv&fields=power,constructor,toString';
    expect(await (await ask(path)).text()).toBe(
      'timestamp,power,constructor,toString\r\n2026-01-31T11:59:59.999999Z,1,,\r\n',
    );
  });

  it.each([
    ['start=yesterday', 'start'],
    ['start=-1h&end=-2h', 'start'],
    ['interval=0s', 'interval'],
    ['interval=999ms', 'interval'],
    ['start=1970-01-01T00:00:00Z&interval=1s', 'interval'],
    ['start=-999999999d', 'start'],
    ['interval=often', 'interval'],
    ['agg=median', 'agg'],
    ['limit=0', 'limit'],
    ['limit=1e9', 'limit'],
    ['interval=1h&tz=Europe/Atlantis', 'tz'],
    ['points=2', 'points'],
    ['points=10001', 'points'],
    ['downsample=lttb', 'downsample'],
  ])('refuses ?%s by name', async (parameters, field) => {
    const { telemetry, ask } = await start();
    await store(telemetry, 'plug', { ts: noonUs - 1, n: 1 });
    const response = await ask(`/devices/plug/telemetry?${parameters}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'bad_request', field });
  });

  it('reads on only as its reader takes', async () => {
    const { telemetry, ask } = await start({ 'limits.messages_per_second': 1e6 });
    for (let n = 0; n < 30; n++) {
      await store(
        telemetry,
        'plug',
        Array.from({ length: 1000 }, (_, i) => ({ ts: noonUs - n * 1000 - i, n })),
      );
    }
    const { body } = await ask('/devices/plug/telemetry?format=csv');
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await telemetry.storage()).toMatchObject({ points: 30_000 });
  });
});

describe('the other questions', () => {
  async function startWithReadings() {
    const bench = await start();
    await store(bench.telemetry, 'plug', { ts: noonUs - 600 * secondUs, power: 600 });
    await store(bench.telemetry, 'plug', { ts: noonUs - 1, power: 600 });
    await bench.post('no JSON');
    return bench;
  }

  it('GET statistics sums up', async () => {
    const { ask } = await startWithReadings();
    expect(await (await ask('/devices/plug/statistics?start=-1h')).json()).toMatchObject({
      metrics: { power: { count: 2, avg: 600 } },
      energy_kwh: expect.closeTo(0.1, 6),
    });
  });

  it('GET latest says that there is nothing yet', async () => {
    const { ask } = await startWithReadings();
    expect((await ask('/devices/plug/telemetry/latest')).status).toBe(404);
  });

  it('GET quarantine shows what was refused, to those who may see it', async () => {
    const { ask } = await startWithReadings();
    expect(await (await ask('/quarantine')).json()).toMatchObject({
      total: 1,
      messages: [{ device_id: 'plug', source: 'http', reason: 'is not JSON', payload: 'no JSON' }],
      devices: [{ device_id: 'plug', refused: 1, over_rate: 0 }],
    });
    expect((await ask('/quarantine', guest)).status).toBe(403);
  });

  it('GET storage says how it is doing', async () => {
    const { ask } = await startWithReadings();
    expect(await (await ask('/storage')).json()).toMatchObject({
      status: 'ok',
      problem: null,
      points: 2,
      tail_points: 2,
      files: 0,
      oldest: '2026-01-31T11:50:00.000Z',
      newest: '2026-01-31T11:59:59.999999Z',
      incidents: [],
    });
  });
});

it('a device that there is not is not found', async () => {
  const bench = await startTelemetry({
    directory: await temporaryDirectory(),
    exists: (id) => id === 'plug',
  });
  for (const path of ['telemetry', 'telemetry/latest', 'statistics']) {
    const response = await app(bench.telemetry, localCaller).request(`/devices/nobody/${path}`);
    expect(response.status).toBe(404);
  }
});

describe('metrics that a device has never sent', () => {
  const never = {
    code: 'unprocessable',
    field: 'fields',
    message: 'plug has no metric "powr"; it has current, power, voltage',
  };

  it.each([
    '/devices/plug/telemetry?fields=powr',
    '/devices/plug/telemetry?fields=power,powr&format=csv',
    '/devices/plug/statistics?fields=powr,voltag',
  ])('are refused by name: %s', async (path) => {
    const { telemetry, ask } = await start();
    await store(telemetry, 'plug', { ts: noonUs - 1, power: 1, voltage: 230, current: 0.1 });
    const answer = await ask(path);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toEqual(never);
  });

  it('are answered with no rows for a device that sent nothing, and for one of several', async () => {
    const { telemetry, ask } = await start();
    const none = await ask('/devices/plug/telemetry?fields=powr');
    expect(await none.json()).toMatchObject({ data: [] });
    await store(telemetry, 'plug', { ts: noonUs - 1, power: 1 });
    expect((await ask('/telemetry?devices=plug&fields=powr')).status).toBe(200);
  });
});

it('tells energy of powers alone', async () => {
  const { telemetry, ask } = await start();
  const body = [noonUs - 1200 * secondUs, noonUs - 600 * secondUs];
  await store(
    telemetry,
    'plug',
    body.map((ts) => ({ ts, power: 60, voltage: 230, on: true })),
  );
  const span = 'start=-1h&interval=1h&agg=energy,count';
  const columns = ['on_count', 'power_count', 'power_energy', 'timestamp', 'voltage_count'];
  const namesOf = (rows: object[]) => rows.map((row) => Object.keys(row).sort());
  const { data } = (await (await ask(`/devices/plug/telemetry?${span}`)).json()) as {
    data: object[];
  };
  expect(namesOf(data)).toEqual([columns]);
  const csv = await (await ask(`/devices/plug/telemetry?${span}&format=csv`)).text();
  expect(csv.split('\r\n')[0]?.split(',').sort()).toEqual(columns);
  const home = (await (await ask(`/telemetry?devices=plug&${span}`)).json()) as {
    series: { data: object[] }[];
  };
  expect(home.series.map((series) => namesOf(series.data))).toEqual([[columns]]);
  for (const fields of ['voltage', 'on']) {
    const only = `start=-1h&interval=1h&agg=energy&fields=${fields}`;
    expect(await (await ask(`/devices/plug/telemetry?${only}`)).json()).toMatchObject({ data: [] });
    expect(await (await ask(`/telemetry?devices=plug&${only}`)).json()).toMatchObject({
      series: [{ data: [] }],
    });
  }
});

it.each([
  '/devices/plug/telemetry?intervall=1d',
  '/devices/plug/statistics?field=power',
  '/telemetry?device=plug',
  '/telemetry/statistics?device=plug',
])('refuses a parameter that there is not: %s', async (path) => {
  const { ask } = await start();
  expect((await ask(path)).status).toBe(400);
});
