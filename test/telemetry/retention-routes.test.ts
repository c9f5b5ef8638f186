import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { type Caller, type HearthEnv, localCaller } from '#auth';
import { isHearthError } from '#kernel';
import { PointBuffer } from '../../src/telemetry/points.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonMs, noonUs, rowsOf, startTelemetry, store } from './support.ts';

const member: Caller = { kind: 'person', sessionId: 's', id: 'm', name: 'Member', role: 'member' };
const noon = new Date(noonMs).toISOString();

async function start() {
  const bench = await startTelemetry({
    directory: await temporaryDirectory(),
    exists: (id) => id !== 'nobody',
    types: { plug: 'plug', air: 'purifier' },
    freeBytes: () => 4e9,
  });
  const call = async (method: string, path: string, body?: unknown, caller = localCaller) => {
    const api = new OpenAPIHono<HearthEnv>();
    api.use(async (context, next) => {
      context.set('caller', caller);
      await next();
    });
    api.onError((error, context) => {
      if (!isHearthError(error)) throw error;
      return context.json({ code: error.code, field: error.field }, 400);
    });
    bench.telemetry.routes(api);
    const response = await api.request(path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { ...bench, call };
}

const rule = {
  device_id: null,
  type: null,
  metric: null,
  raw_days: null,
  minute_days: null,
  hour_days: null,
  day_days: null,
};

describe('/retention', () => {
  it('shows what holds, takes rules and lets go of them', async () => {
    const { call } = await start();
    const purifier = { ...rule, id: 'purifier', type: 'purifier', raw_days: 90 };
    const home = { raw_days: 7, minute_days: 30, hour_days: 365, day_days: 1825 };
    expect((await call('GET', '/retention')).body).toEqual({ home, rules: [purifier] });
    const wanted = { device_id: 'plug', metric: 'power', raw_days: 20 };
    const put = await call('PUT', '/retention/rules', wanted);
    expect(put).toEqual({ status: 200, body: { ...rule, ...wanted, id: expect.any(String) } });
    expect((await call('GET', '/retention')).body.rules).toEqual([purifier, put.body]);
    expect((await call('DELETE', `/retention/rules/${put.body.id}`)).status).toBe(204);
    expect((await call('DELETE', `/retention/rules/${put.body.id}`)).body.code).toBe('not_found');
    expect((await call('GET', '/retention')).body.rules).toEqual([purifier]);
  });

  it.each<[string, object]>([
    ['about nothing', { raw_days: 1 }],
    ['about a device and a type', { device_id: 'plug', type: 'plug', raw_days: 1 }],
    ['that says nothing', { device_id: 'plug' }],
    ['of no days', { device_id: 'plug', raw_days: 0 }],
    ['of half a day', { device_id: 'plug', raw_days: 0.5 }],
    ['of more than a hundred years', { device_id: 'plug', raw_days: 36_501 }],
    ['with something else', { device_id: 'plug', raw_days: 1, days: 1 }],
    ['about a device that is not there', { device_id: 'nobody', raw_days: 1 }],
  ])('refuses a rule %s', async (_, body) => {
    const { call } = await start();
    expect((await call('PUT', '/retention/rules', body)).status).toBe(400);
    expect((await call('GET', '/retention')).body.rules).toHaveLength(1);
  });

  it('says what goes in the coming days', async () => {
    const { telemetry, call } = await start();
    await store(telemetry, 'plug', { ts: noonUs, power: 1 });
    await store(telemetry, 'air', { ts: noonUs, power: 1 });
    await telemetry.compact();
    expect((await call('GET', '/retention/plan?days=8')).body).toEqual({
      at: noon,
      days: 8,
      free_disk: { free_bytes: 4e9, floor_bytes: 1024 ** 3 },
      next: { points: 0, bytes: 0 },
      total: { points: 1, bytes: expect.any(Number) },
      going: [
        {
          in_days: 8,
          reason: 'age',
          tier: 'raw',
          device_id: 'plug',
          metric: 'power',
          start: noon,
          end: noon,
          points: 1,
          bytes: expect.any(Number),
        },
      ],
      truncated: false,
    });
    expect((await call('GET', '/retention/plan')).body.going).toEqual([]);
    const cut = (await call('GET', '/retention/plan?days=40&limit=1')).body;
    expect(cut).toMatchObject({ total: { points: 3 }, truncated: true });
    expect(cut.going).toHaveLength(1);
  });
});

describe('DELETE /devices/{id}/telemetry', () => {
  it('deletes what it is asked to, and says how much', async () => {
    const { telemetry, call } = await start();
    for (const minute of [0, 1, 2, 3]) {
      await store(telemetry, 'plug', { ts: noonUs - minute * 60e6, power: minute, voltage: 230 });
    }
    const path = '/devices/plug/telemetry';
    const some = await call('DELETE', `${path}?start=-2m&end=now&fields=power`);
    expect(some).toEqual({ status: 200, body: { deleted: 2 } });
    const left = await rowsOf(telemetry, { deviceId: 'plug', fields: ['power'] });
    expect(left.map((row) => row.power)).toEqual([3, 0]);
    expect((await call('DELETE', path)).body).toEqual({ deleted: 6 });
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toEqual([]);
    expect((await call('DELETE', path)).body).toEqual({ deleted: 0 });
  });

  it.each(['field=power', 'from=-1h', 'START=-1h', 'metrics=power', 'start=-1h&until=now'])(
    'deletes nothing where a word of it is not known: %s',
    async (words) => {
      const { telemetry, call } = await start();
      await store(telemetry, 'plug', { ts: noonUs - 7200e6, power: 1, voltage: 230 });
      expect((await call('DELETE', `/devices/plug/telemetry?${words}`)).status).toBe(400);
      expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(1);
    },
  );

  it('deletes what was brought in from long before there were any devices', async () => {
    const { telemetry, call } = await start();
    const points = new PointBuffer(16);
    for (const year of [1970, 1999, 2019]) points.add(0, Date.UTC(year, 5, 1) * 1000, year, 0);
    await telemetry.importPoints(points.points, [{ deviceId: 'plug', metric: 'power' }]);
    await telemetry.compact();
    expect((await call('DELETE', '/devices/plug/telemetry')).body).toEqual({ deleted: 3 });
    expect(await rowsOf(telemetry, { deviceId: 'plug', startUs: 0 })).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['of a device that is not there', '/devices/nobody/telemetry', 'not_found'],
    ['that ends before it begins', '/devices/plug/telemetry?start=-1h&end=-2h', 'bad_request'],
    ['of no time', '/devices/plug/telemetry?start=soon', 'bad_request'],
    ['that names no metric', '/devices/plug/telemetry?fields=', 'bad_request'],
    ['that names no metric but a comma', '/devices/plug/telemetry?fields=,', 'bad_request'],
  ])('refuses one %s', async (_, path, code) => {
    const { call } = await start();
    expect((await call('DELETE', path)).body.code).toBe(code);
  });

  it('is for owner and admins alone, as rules are', async () => {
    const { call } = await start();
    const asked: [string, string, unknown?][] = [
      ['DELETE', '/devices/plug/telemetry'],
      ['PUT', '/retention/rules', { type: 'plug', raw_days: 1 }],
      ['DELETE', '/retention/rules/purifier'],
    ];
    for (const [method, path, body] of asked) {
      expect((await call(method, path, body, member as typeof localCaller)).body.code).toBe(
        'forbidden',
      );
    }
  });
});
