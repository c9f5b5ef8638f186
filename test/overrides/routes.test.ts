import { expect, it } from 'vitest';
import { deviceCaller, openApi, person, program } from './api.ts';
import { Residence } from './residence.ts';

async function open() {
  const residence = await Residence.open();
  residence.addDevice('purifier', { fanSpeed: 2, powerOn: true });
  const api = openApi((routes) => residence.overrides.routes(routes));
  return { residence, ...api };
}

const path = '/devices/purifier/override';
const owner = person('owner');

it('begins, shows, extends and cancels over REST', async () => {
  const { call, residence } = await open();
  const begun = await call(person('member'), `POST ${path}`, { fanSpeed: 5, durationMinutes: 10 });
  expect(begun.status).toBe(201);
  expect(begun.json).toMatchObject({
    action: 'setFanSpeed',
    value: 5,
    status: 'active',
    ends_at: '2026-03-01T08:10:00.000Z',
    remaining_seconds: 600,
    previous: { fanSpeed: 2, powerOn: true },
    requested_by: 'person:The member',
    command: { id: begun.json.command_id, source: 'override' },
  });
  residence.clock.advance(90_500);
  const shown = await call(person('member'), `GET ${path}`);
  expect(shown).toMatchObject({ status: 200, json: { remaining_seconds: 510 } });
  const later = await call(program, `PATCH ${path}`, { extendMinutes: 5 });
  expect(later).toMatchObject({ status: 200, json: { ends_at: '2026-03-01T08:15:00.000Z' } });
  const sooner = await call(program, `PATCH ${path}`, { duration_minutes: 1 });
  expect(sooner.json).toMatchObject({ remaining_seconds: 60 });
  const cancelled = await call(owner, `DELETE ${path}`);
  expect(cancelled).toMatchObject({ status: 200, json: { status: 'cancelled' } });
  expect((await call(owner, `GET ${path}`)).status).toBe(404);
  expect((await call(owner, `DELETE ${path}`)).json).toMatchObject({ code: 'not_found' });
  const list = await call(person('member'), `GET ${path}s`);
  expect(list.json.overrides).toHaveLength(1);
});

it.each([
  [{ fanSpeed: 5, durationMinutes: 1 }, 60],
  [{ fanSpeed: 0, duration_minutes: 1440 }, 86_400],
  [{ action: 'setMode', value: 'turbo', durationMinutes: 0.1 }, 6],
  [{ action: 'turnOff', durationMinutes: 2.5 }, 150],
])('takes %j', async (body, remaining) => {
  const { call } = await open();
  const { status, json } = await call(owner, `POST ${path}`, body);
  expect([status, json.remaining_seconds]).toEqual([201, remaining]);
});

it.each([
  ['fanSpeed', '0 to 5', { fanSpeed: 6, durationMinutes: 1 }],
  ['fanSpeed', '0 to 5', { fanSpeed: 2.5, durationMinutes: 1 }],
  ['fanSpeed', '0 to 5', { fanSpeed: 'high', durationMinutes: 1 }],
  ['durationMinutes', '0.1 to 1440', { fanSpeed: 5, durationMinutes: 0 }],
  ['durationMinutes', '0.1 to 1440', { fanSpeed: 5, durationMinutes: 1441 }],
  ['durationMinutes', '0.1 to 1440', { fanSpeed: 5, durationMinutes: '10' }],
  ['durationMinutes', 'missing', { fanSpeed: 5 }],
  ['duration_minutes', 'durationMinutes', { fanSpeed: 5, durationMinutes: 1, duration_minutes: 1 }],
  ['action', 'missing', { durationMinutes: 1 }],
  ['action', 'fanSpeed', { fanSpeed: 5, action: 'turnOn', durationMinutes: 1 }],
  ['value', 'fanSpeed', { fanSpeed: 5, value: 5, durationMinutes: 1 }],
  ['action', 'setFanSpeed', { action: 'fly', durationMinutes: 1 }],
  ['value', 'quiet', { action: 'setMode', value: 'loud', durationMinutes: 1 }],
  ['speed', 'no such field', { speed: 5, durationMinutes: 1 }],
])('refuses to begin: field %s, naming %s', async (field, named, body) => {
  const { call } = await open();
  const { status, json } = await call(owner, `POST ${path}`, body);
  expect([status, json.field]).toEqual([422, field]);
  expect(`${json.detail} ${json.hint}`).toContain(named);
});

it.each([
  ['extendMinutes', {}],
  ['extendMinutes', { extendMinutes: -5 }],
  ['extendMinutes', { extendMinutes: 1439 }],
  ['durationMinutes', { extendMinutes: 5, durationMinutes: 5 }],
  ['durationMinutes', { durationMinutes: 2000 }],
])('refuses to change: field %s', async (field, body) => {
  const { call } = await open();
  await call(owner, `POST ${path}`, { fanSpeed: 5, durationMinutes: 10 });
  const { status, json } = await call(owner, `PATCH ${path}`, body);
  expect([status, json.field]).toEqual([422, field]);
});

it('lets look whoever may, and do whoever may', async () => {
  const { call, document } = await open();
  const body = { fanSpeed: 5, durationMinutes: 10 };
  for (const [caller, looks, does] of [
    [undefined, 401, 401],
    [deviceCaller('purifier'), 403, 403],
    // With whom nothing is shared.
    [person('guest'), 404, 404],
    [program, 200, 201],
    [person('member'), 200, 201],
    [person('admin'), 200, 201],
  ] as const) {
    expect((await call(caller, `GET ${path}s`)).status).toBe(looks);
    expect((await call(caller, `POST ${path}`, body)).status).toBe(does);
  }
  for (const operations of Object.values(document().paths ?? {})) {
    for (const operation of Object.values(operations)) {
      expect(operation.tags).toEqual(['overrides']);
    }
  }
});

it('says that a device is not there, or disabled', async () => {
  const { call, residence } = await open();
  const body = { fanSpeed: 5, durationMinutes: 10 };
  expect((await call(owner, 'POST /devices/other/override', body)).status).toBe(404);
  expect((await call(owner, 'GET /devices/other/override')).status).toBe(404);
  expect((await call(owner, 'GET /devices/other/overrides')).status).toBe(404);
  residence.states.set('purifier', 'disabled');
  expect((await call(owner, `POST ${path}`, body)).json).toMatchObject({ code: 'conflict' });
});
