import { OpenAPIHono } from '@hono/zod-openapi';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { describe, expect, it } from 'vitest';
import { type Caller, type HearthEnv, localCaller } from '#auth';
import { isHearthError } from '#kernel';
import { commandRows, type SqlCommand, type SqlDevice } from '../../src/telemetry/sql/tables.ts';
import { type Desk, openDesk } from './sql-support.ts';
import { noonMs, store } from './support.ts';

const statusOf: Partial<Record<string, ContentfulStatusCode>> = {
  unauthenticated: 401,
  forbidden: 403,
  unprocessable: 422,
};

function ask({ sql }: Desk, body: unknown, caller: Caller | undefined = localCaller) {
  const api = new OpenAPIHono<HearthEnv>();
  api.use(async (context, next) => {
    context.set('caller', caller);
    await next();
  });
  api.onError((error, context) => {
    if (!isHearthError(error)) throw error;
    const { code, field, message } = error;
    return context.json({ code, field, message }, statusOf[code] ?? 500);
  });
  sql.routes(api);
  return api.request('/sql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const person = (role: 'owner' | 'admin' | 'member' | 'guest'): Caller => ({
  kind: 'person',
  id: role,
  name: role,
  role,
  sessionId: 's',
});

const rowsOf = async (response: Response) =>
  (await response.json()) as { rows: unknown[][]; truncated: boolean };

describe('POST /sql', () => {
  it('answers columns and rows', async () => {
    const desk = await openDesk();
    await store(desk.telemetry, 'plug-1', { power: 1.5 });
    const response = await ask(desk, { sql: 'select device_id, value from telemetry' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      columns: [
        { name: 'device_id', type: 'VARCHAR' },
        { name: 'value', type: 'DOUBLE' },
      ],
      rows: [['plug-1', 1.5]],
      truncated: false,
      elapsed_ms: expect.any(Number),
    });
  });

  it('is the owner’s alone, and nobody else’s words are even looked at', async () => {
    const desk = await openDesk();
    const scoped: Caller = {
      kind: 'token',
      id: 't',
      name: 'reader',
      role: 'owner',
      scopes: ['telemetry.read'],
    };
    for (const caller of [person('admin'), person('member'), person('guest'), scoped]) {
      expect((await ask(desk, { sql: 'select 1' }, caller)).status, caller.name).toBe(403);
    }
    expect(desk.audited).toEqual([]);
    expect((await ask(desk, { sql: 'select 1' }, person('owner'))).status).toBe(200);
  });

  it.each([
    ['nothing', {}],
    ['an empty text', { sql: ' ' }],
    ['a limit of none', { sql: 'select 1', limit: 0 }],
    ['a limit beyond all', { sql: 'select 1', limit: 100_001 }],
    ['something more', { sql: 'select 1', file: 'x' }],
  ])('takes no %s', async (_, body) => {
    const desk = await openDesk();
    expect((await ask(desk, body)).status).toBeGreaterThanOrEqual(400);
    expect(desk.audited).toEqual([]);
  });

  it('writes down who asked what, and what came of it', async () => {
    const desk = await openDesk();
    await ask(desk, { sql: `select 1 -- ${'x'.repeat(1000)}` }, person('owner'));
    await ask(desk, { sql: 'drop table devices' });
    expect(desk.audited).toEqual([
      {
        actor: 'person:owner',
        action: 'telemetry.sql',
        subject: 'history',
        outcome: 'ok',
        detail: { statement: `select 1 -- ${'x'.repeat(488)}`, rows: 1 },
      },
      {
        actor: 'local',
        action: 'telemetry.sql',
        subject: 'history',
        outcome: 'unprocessable',
        detail: { statement: 'drop table devices' },
      },
    ]);
  });

  it('stops at the limit and says so', async () => {
    const desk = await openDesk();
    const sql = 'select * from range(20)';
    const limited = await (await ask(desk, { sql, limit: 5 })).json();
    expect(limited).toMatchObject({ rows: [[0], [1], [2], [3], [4]], truncated: true });
    const exact = await (await ask(desk, { sql, limit: 20 })).json();
    expect(exact).toMatchObject({ truncated: false });
    const usual = await rowsOf(await ask(desk, { sql: 'select * from range(10001)' }));
    expect(usual.rows).toHaveLength(10_000);
    expect(usual.truncated).toBe(true);
    const wide = await rowsOf(
      await ask(desk, { sql: "select repeat('x', 10000) from range(5000)" }),
    );
    expect(wide.rows.length).toBeGreaterThan(1600);
    expect(JSON.stringify(wide.rows).length).toBeLessThanOrEqual(16 * 1024 ** 2);
    expect(wide.truncated).toBe(true);
  });
});

const values: readonly (readonly [sql: string, json: unknown, type: string | null])[] = [
  ['42::bigint', 42, 'BIGINT'],
  ['9007199254740993', '9007199254740993', 'BIGINT'],
  ['170141183460469231731687303715884105727', '170141183460469231731687303715884105727', 'HUGEINT'],
  ['1.25::decimal(9, 2)', 1.25, 'DECIMAL(9,2)'],
  ['1e300 * 1e300', 'Infinity', 'DOUBLE'],
  ["'nan'::double", 'NaN', 'DOUBLE'],
  ['null', null, 'INTEGER'],
  ['true', true, 'BOOLEAN'],
  ["'it''s'", "it's", 'VARCHAR'],
  [
    "timestamptz '2026-01-31 12:00:00.000001+00'",
    '2026-01-31T12:00:00.000001Z',
    'TIMESTAMP WITH TIME ZONE',
  ],
  ["timestamp '2026-01-31 12:00:00'", '2026-01-31T12:00:00.000', 'TIMESTAMP'],
  ["timestamp 'infinity'", 'infinity', 'TIMESTAMP'],
  ["date '2026-01-31'", '2026-01-31', 'DATE'],
  ["time '12:30:00'", '12:30:00', 'TIME'],
  ["interval '1 day 2 hours'", '1 day 02:00:00', 'INTERVAL'],
  ['[1, 2, null]', [1, 2, null], 'INTEGER[]'],
  ["{a: 1, b: 'x', c: [1.5::double]}", { a: 1, b: 'x', c: [1.5] }, null],
  ["map {'a': 1}", [{ key: 'a', value: 1 }], null],
  ["'abc'::blob", 'YWJj', 'BLOB'],
  ["'b'::enum('a', 'b')", 'b', null],
  ["'6ccd780c-baba-1026-9564-5b8c656024db'::uuid", '6ccd780c-baba-1026-9564-5b8c656024db', 'UUID'],
];

it('writes values as JSON has them', async () => {
  const desk = await openDesk();
  const sql = `select ${values.map(([expression], at) => `${expression} as c${at}`).join(', ')}`;
  const { columns, rows } = await desk.sql.query({ sql }, localCaller);
  const [row] = JSON.parse(rows);
  for (const [at, [expression, expected, type]] of values.entries()) {
    expect(row[at], expression).toEqual(expected);
    if (type !== null) expect(columns[at], expression).toEqual({ name: `c${at}`, type });
  }
});

const plug: SqlDevice = {
  id: 'plug-1',
  name: "Anna's plug",
  type: 'plug',
  room: 'kitchen',
  status: 'online',
  state: 'active',
  description: '',
  firmware_version: null,
  last_seen: '2026-01-31T11:00:00.000Z',
  created_at: '2026-01-01T00:00:00.000Z',
};

const command = (id: string, value: unknown): SqlCommand => ({
  id,
  device_id: 'plug-1',
  action: 'set',
  value,
  status: 'confirmed',
  source: 'manual',
  requested_by: 'local',
  error: null,
  created_at: '2026-01-31T11:00:00.000Z',
  sent_at: null,
  acknowledged_at: null,
  confirmed_at: null,
});

describe('what the hub hands over', () => {
  it('can be joined with readings', async () => {
    const desk = await openDesk({
      devices: {
        list: () => [plug, { ...plug, id: 'plug-2', room: null }],
        rooms: { list: () => [{ id: 'kitchen', name: 'Kitchen' }] },
      },
      commands: () => [command('c1', { speed: 3 }), command('c2', 'high'), command('c3', null)],
    });
    await store(desk.telemetry, 'plug-1', { power: 5 });
    expect(
      await desk.rows(`select devices.name, devices.room, sum(value), max(last_seen)
        from telemetry join devices on devices.id = device_id group by all`),
    ).toEqual([["Anna's plug", 'Kitchen', 5, '2026-01-31T11:00:00.000Z']]);
    expect(await desk.rows('select id, value from commands order by id')).toEqual([
      ['c1', '{"speed":3}'],
      ['c2', 'high'],
      ['c3', null],
    ]);
    expect(await desk.rows('select room_id, room from devices order by id')).toEqual([
      ['kitchen', 'Kitchen'],
      [null, null],
    ]);
  });

  it('is handed over only to a statement that names it', async () => {
    const asked: string[] = [];
    const desk = await openDesk({
      devices: {
        list: () => {
          asked.push('devices');
          return [plug];
        },
        rooms: { list: () => [] },
      },
      commands: () => {
        asked.push('commands');
        return [];
      },
    });
    await desk.rows("select 'devices', 'commands'");
    await desk.rows('select count(*) from telemetry');
    await desk.rows('with devices as (select 1) from devices');
    asked.length = 0;
    await desk.rows('select count(*) from telemetry');
    expect(asked).toEqual([]);
    expect(await desk.rows('select count(*) from "Devices"')).toEqual([[1]]);
    expect(asked).toEqual(['devices']);
    await desk.rows(
      "from (pivot telemetry on metric in ('a') using avg(value)), (select count(*) from commands)",
    );
    expect(asked).toEqual(['devices', 'commands']);
  });

  it('in pages, and the newest 50,000 commands', async () => {
    const pages: (string | undefined)[] = [];
    let next = 0;
    const rows = await commandRows(({ limit, before }) => {
      pages.push(before);
      return Array.from({ length: limit }, () => command(`c${next++}`, null));
    });
    expect(rows).toHaveLength(50_000);
    expect(pages.slice(0, 3)).toEqual([undefined, 'c499', 'c999']);
    const few = await commandRows(({ before }) => (before ? [] : [command('c1', 1)]));
    expect(few.map(({ id }) => id)).toEqual(['c1']);
  });
});

it('tells time as the home does', async () => {
  const desk = await openDesk({ config: { 'home.time_zone': 'Asia/Kolkata' } });
  await store(desk.telemetry, 'plug-1', { power: 1, timestamp: new Date(noonMs).toISOString() });
  expect(
    await desk.rows(`select extract('hour' from timestamp), extract('minute' from timestamp),
      timestamp::date, date_trunc('day', timestamp) from telemetry`),
  ).toEqual([[17, 30, '2026-01-31', '2026-01-30T18:30:00.000Z']]);
});
