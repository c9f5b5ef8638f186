import { expect, it } from 'vitest';
import { deviceCaller, openApi, person, program } from '../overrides/api.ts';
import { Workshop } from './workshop.ts';

async function open() {
  const workshop = await Workshop.open();
  return { workshop, ...openApi((api) => workshop.config.routes(api)) };
}

const path = '/devices/lock/config';
const owner = person('owner');

it('sets, shows and remembers over REST', async () => {
  const { call } = await open();
  const config = { auto_lock: true, tries: 3 };
  const set = await call(person('admin'), `PUT ${path}`, { config });
  expect(set).toMatchObject({
    status: 200,
    json: { desired: { version: 1, config, set_by: 'person:The admin' }, in_sync: false },
  });
  const stale = await call(owner, `PUT ${path}`, { config: {}, base_version: 0 });
  expect(stale).toMatchObject({ status: 409, json: { field: 'base_version' } });
  const second = await call(owner, `PUT ${path}`, { config: {}, base_version: 1 });
  expect(second.json.desired.version).toBe(2);
  expect((await call(person('member'), `GET ${path}`)).json).toEqual(second.json);
  const history = await call(person('member'), `GET ${path}/history`);
  expect(history.json.versions).toMatchObject([
    { version: 2, set_by: 'person:The owner' },
    { version: 1, config },
  ]);
});

it('tells a device its own, and hears from it what it has', async () => {
  const { call } = await open();
  const lock = deviceCaller('lock');
  expect(await call(lock, 'GET /devices/config')).toMatchObject({ status: 404 });
  await call(owner, `PUT ${path}`, { config: { a: 1 } });
  expect(await call(lock, 'GET /devices/config')).toEqual({
    status: 200,
    json: { version: 1, config: { a: 1 } },
  });
  const said = await call(lock, 'PUT /devices/config', { version: 1 });
  expect(said).toMatchObject({ status: 200, json: { reported: { version: 1 }, in_sync: true } });
});

it.each([
  ['config', {}],
  ['config', { config: [] }],
  ['config', { config: 'x' }],
  ['config', { config: { a: 'x'.repeat(17_000) } }],
  ['base_version', { config: {}, base_version: 1.5 }],
  ['version', { config: {}, version: 2 }],
])('refuses to set: field %s', async (field, body) => {
  const { call } = await open();
  const { status, json } = await call(owner, `PUT ${path}`, body);
  expect([status, json.field]).toEqual([422, field]);
});

it.each([[{ version: -1 }], [{ version: '1' }], [{}], [{ version: 1, config: {} }]])(
  'refuses to hear %j',
  async (body) => {
    const { call } = await open();
    expect((await call(deviceCaller('lock'), 'PUT /devices/config', body)).status).toBe(422);
  },
);

it('lets look whoever may, and set whoever may', async () => {
  const { call, document } = await open();
  for (const [caller, looks, sets] of [
    [undefined, 401, 401],
    [deviceCaller('lock'), 403, 403],
    // With whom nothing is shared.
    [person('guest'), 404, 403],
    [person('member'), 200, 403],
    [program, 200, 403],
    [person('admin'), 200, 200],
  ] as const) {
    expect((await call(caller, `GET ${path}`)).status).toBe(looks);
    expect((await call(caller, `GET ${path}/history`)).status).toBe(looks);
    expect((await call(caller, `PUT ${path}`, { config: {} })).status).toBe(sets);
  }
  expect((await call(owner, 'GET /devices/config')).status).toBe(403);
  for (const operations of Object.values(document().paths ?? {})) {
    for (const operation of Object.values(operations)) {
      expect(operation.tags).toEqual(['configuration']);
    }
  }
});
