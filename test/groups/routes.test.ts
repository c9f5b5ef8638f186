import { expect, it } from 'vitest';
import type { Role } from '#auth';
import { silentLog } from '#kernel';
import { LogRing, Ops } from '#ops';
import { buildApp } from '../../src/http/app.ts';
import type { Arrival } from '../../src/http/arrival.ts';
import { callers } from '../../src/http/callers.ts';
import { anna, type Household, openHousehold } from './household.ts';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of it
  readonly body: any;
}

/** A household behind the real app; `ask` sends `METHOD path` with a token of this role, or one that only looks. */
interface Served extends Household {
  ask(
    line: string,
    body?: object | string,
    role?: Role | 'looks',
    arrival?: Partial<Arrival>,
  ): Promise<Answer>;
}

async function serve(): Promise<Served> {
  const household = await openHousehold();
  const { audit, auth, authority, clock, devices, directory, groups, secrets } = household;
  const operations = new Ops({
    version: '0.0.0',
    clock,
    logs: new LogRing(),
    probes: [],
    numbers: {},
    sections: {},
  });
  const app = buildApp({
    audit,
    secrets,
    clock,
    log: silentLog,
    routes: [(api) => groups.routes(api)],
    webDirectory: directory,
    operations,
    callerOf: callers({ auth, devices }),
    ourNames: () => new Set(['hub.local']),
    httpsPort: () => 8443,
    trustAnchor: () => authority,
    mostBodyBytes: 1_000_000,
  });
  const tokens = new Map<Role | 'looks', string>();
  const tokenOf = (role: Role | 'looks'): string => {
    const may =
      role === 'looks'
        ? ({ role: 'service', scopes: ['devices.read', 'telemetry.read'] } as const)
        : { role };
    const token = tokens.get(role) ?? auth.tokens.create({ name: `a ${role}`, ...may }).token;
    tokens.set(role, token);
    return token;
  };
  return {
    ...household,
    ask: async (line, body, role = 'owner', arrival = {}) => {
      const [method = 'GET', path = ''] = line.split(' ');
      const request = new Request(
        `https://hub.local${path === '/openapi.json' ? '' : '/api/v1'}${path}`,
        {
          method,
          headers: {
            host: 'hub.local',
            authorization: `Bearer ${tokenOf(role)}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && {
            body: typeof body === 'string' ? body : JSON.stringify(body),
          }),
        },
      );
      const from = { door: 'https', remoteAddress: '192.168.1.7', ...arrival };
      const response = await app.fetch(request, from);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

it('makes, shows, changes and removes groups', async () => {
  const { ask, audited } = await serve();
  const made = await ask('POST /groups', { name: 'Lights', devices: ['lamp'] });
  expect(made).toMatchObject({ status: 201, body: { id: 'lights', devices: ['lamp'] } });
  expect(await ask('GET /groups')).toEqual({ status: 200, body: { groups: [made.body] } });
  const changed = await ask('PATCH /groups/lights', { devices: ['lamp', 'plug'] });
  expect(changed).toMatchObject({ status: 200, body: { devices: ['lamp', 'plug'] } });
  expect(await ask('GET /groups/lights')).toEqual(changed);
  expect((await ask('DELETE /groups/lights')).status).toBe(204);
  expect((await ask('GET /groups/lights')).status).toBe(404);
  expect(audited('group.create')).toMatchObject([
    { actor: 'token:a owner', origin: '192.168.1.7' },
  ]);
});

it('makes, shows, changes, runs and removes scenes', async () => {
  const { ask, commands, audited } = await serve();
  const wanted = { device_id: 'purifier', action: 'setFanSpeed', value: 2 };
  const made = await ask('POST /scenes', { name: 'Calm', commands: [wanted] });
  expect(made).toMatchObject({
    status: 201,
    body: { id: 'calm', commands: [{ ...wanted, group_id: null }] },
  });
  expect(await ask('GET /scenes')).toEqual({ status: 200, body: { scenes: [made.body] } });
  const again = await ask('PATCH /scenes/calm', { commands: made.body.commands });
  expect(again).toMatchObject({ status: 200, body: { commands: made.body.commands } });
  expect(await ask('GET /scenes/calm')).toEqual(again);
  const inside = { door: 'socket', remoteAddress: '' } as const;
  const run = await ask('POST /scenes/calm/run', undefined, 'owner', inside);
  expect(run).toMatchObject({
    status: 202,
    body: { status: 'pending', commands: [{ device_id: 'purifier', value: 2 }], refused: [] },
  });
  expect(audited('scene.run')).toMatchObject([{ origin: 'control socket' }]);
  commands.becomes('purifier', 'confirmed');
  const later = await ask(`GET /batches/${run.body.batch_id}`);
  expect(later).toMatchObject({ status: 200, body: { status: 'done' } });
  expect((await ask('DELETE /scenes/calm')).status).toBe(204);
  expect((await ask('GET /scenes/calm')).status).toBe(404);
  expect((await ask(`GET /batches/${run.body.batch_id}`)).status).toBe(200);
});

it('waits for the end of a run as long as it is asked to', async () => {
  const { ask, commands, groups } = await serve();
  groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
  const answer = ask('POST /groups/lights/commands?wait=5s', { action: 'turnOn' });
  await expect.poll(() => commands.waitsMs).toEqual([5000]);
  commands.becomes('lamp', 'acknowledged');
  expect(await answer).toMatchObject({ status: 202, body: { status: 'done' } });
});

it.each([
  ['', 'settled'],
  ['&until=settled', 'settled'],
  ['&until=acknowledged', 'acknowledged'],
])('waits with ?wait=5s%s until %s', async (query, until) => {
  const { ask, commands, groups } = await serve();
  groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
  const calm = [{ group_id: 'lights', action: 'turnOff' }];
  groups.scenes.create({ name: 'Calm', commands: calm }, anna);
  for (const line of ['POST /groups/lights/commands', 'POST /scenes/calm/run']) {
    const answer = ask(
      `${line}?wait=5s${query}`,
      line.includes('groups') ? { action: 'turnOn' } : {},
    );
    await expect.poll(() => commands.waitedFor.length).toBeGreaterThan(0);
    expect(commands.waitedFor.splice(0)).toEqual([until]);
    commands.becomes('lamp', 'confirmed');
    expect((await answer).status).toBe(202);
  }
});

it('shows settings to those alone who may control devices', async () => {
  const { ask, groups } = await serve();
  const value = { wifi_password: 'hunter2' };
  const wanted = [
    { device_id: 'sensor', action: 'setConfig', value },
    { device_id: 'purifier', action: 'setFanSpeed', value: 2 },
  ];
  groups.scenes.create({ name: 'Set up', commands: wanted }, anna);
  const { batch_id } = (await ask('POST /scenes/set-up/run')).body;
  const first = { device_id: 'sensor', action: 'setConfig' };
  for (const line of ['GET /scenes', 'GET /scenes/set-up', `GET /batches/${batch_id}`]) {
    const seenBy = async (role: Role | 'looks') => {
      const { body } = await ask(line, undefined, role);
      return (body.scenes?.[0] ?? body).commands;
    };
    expect(await seenBy('member'), line).toMatchObject([{ ...first, value }, { value: 2 }]);
    const [hidden, plain] = await seenBy('looks');
    expect(hidden, line).toMatchObject({ ...first, value: null, value_hidden: true });
    expect(plain, line).toMatchObject({ value: 2 });
    expect(plain, line).not.toHaveProperty('value_hidden');
  }
});

it('takes an empty body for none, whatever its type is said to be', async () => {
  const { ask, groups, commands } = await serve();
  const calm = [{ device_id: 'lamp', action: 'turnOff' }];
  groups.scenes.create({ name: 'Calm', commands: calm }, anna);
  expect((await ask('POST /scenes/calm/run', '')).status).toBe(202);
  expect(commands.sent).toEqual(['lamp turnOff']);
  expect((await ask('POST /groups', '')).body).toMatchObject({ status: 422, field: 'name' });
  expect((await ask('POST /scenes/calm/run', '{')).status).toBe(400);
});

it('hands on how a command is wanted', async () => {
  const { ask, commands, groups } = await serve();
  groups.create({ name: 'Lights', devices: ['lamp'] }, anna);
  const path = 'POST /groups/lights/commands';
  await ask(path, { action: 'turnOn', expiresIn: '10m', idempotencyKey: 'a' });
  await ask(path, { action: 'turnOn', expiresIn: 90, idempotencyKey: 'b' });
  await ask(path, { action: 'turnOn', idempotency_key: 'b' });
  await ask(path, { action: 'turnOn', expires_in: '30' });
  expect(commands.requests.map(({ expiresInMs }) => expiresInMs)).toEqual([
    600_000, 90_000, 30_000,
  ]);
});

it.each([
  ['POST /groups', {}, 422, 'name'],
  ['POST /groups', { name: ' ' }, 422, 'name'],
  ['POST /groups', { name: 'A', device: ['lamp'] }, 422, 'device'],
  ['POST /groups', { name: 'A', devices: Array(201).fill('lamp') }, 422, 'devices'],
  ['POST /groups', { name: 'A', devices: ['nobody'] }, 422, 'devices'],
  ['POST /scenes', { name: 'A', commands: [] }, 422, 'commands'],
  ['POST /scenes', { name: 'A', commands: [{ action: 'turnOn' }] }, 422, 'commands.0'],
  [
    'POST /scenes',
    { name: 'A', commands: [{ device_id: 'lamp', group_id: 'all', action: 'turnOn' }] },
    422,
    'commands.0',
  ],
  [
    'POST /scenes',
    { name: 'A', commands: Array(101).fill({ device_id: 'lamp', action: 'turnOn' }) },
    422,
    'commands',
  ],
  [
    'POST /scenes',
    { name: 'A', commands: [{ device_id: 'purifier', action: 'setFanSpeed', value: 6 }] },
    422,
    'commands.0.value',
  ],
  ['POST /groups/all/commands', {}, 422, 'action'],
  ['POST /groups/all/commands', { action: 'turnOn', expiresIn: '31d' }, 422, 'expiresIn'],
  ['POST /groups/all/commands', { action: 'turnOn', expiresIn: -5 }, 422, 'expiresIn'],
  ['POST /groups/all/commands', { action: 'turnOn', expiresIn: '10ms' }, 422, 'expiresIn'],
  ['POST /groups/all/commands', { action: 'turnOn', expiresIn: 1e12 }, 422, 'expiresIn'],
  ['POST /groups/all/commands', { action: 'turnOn', until: 5 }, 422, 'until'],
  ['POST /groups/all/commands', { action: 'turnOn', expiresIn: 'soon' }, 422, 'expiresIn'],
  [
    'POST /groups/all/commands',
    { action: 'turnOn', expiresIn: 5, expires_in: 5 },
    422,
    'expiresIn',
  ],
  ['POST /groups/all/commands?wait=2m', { action: 'turnOn' }, 400, '?wait'],
  ['POST /groups/all/commands?wait=long', { action: 'turnOn' }, 400, '?wait'],
  ['POST /groups/all/commands?wait=5s&until=done', { action: 'turnOn' }, 400, 'until'],
  ['POST /scenes/calm/run?wait=61s', {}, 400, '?wait'],
  ['POST /groups/none/commands', { action: 'turnOn' }, 409, undefined],
  ['POST /groups/nobody/commands', { action: 'turnOn' }, 404, 'group_id'],
  ['POST /scenes/nobody/run', {}, 404, 'scene_id'],
  ['GET /batches/nothing', undefined, 404, 'batch_id'],
  ['DELETE /groups/used', undefined, 409, 'group_id'],
])('answers %s %j: %i naming %s', async (line, body, status, field) => {
  const { ask, groups, commands } = await serve();
  groups.create({ name: 'All', devices: ['lamp'] }, anna);
  groups.create({ name: 'Used', devices: ['lamp'] }, anna);
  groups.create({ name: 'None' }, anna);
  const calm = [{ group_id: 'used', action: 'turnOff' }];
  groups.scenes.create({ name: 'Calm', commands: calm }, anna);
  const answer = await ask(line, body);
  expect(answer.body).toMatchObject({ status, ...(field !== undefined && { field }) });
  expect(commands.sent).toEqual([]);
});

it.each<[string, object | undefined, Role[]]>([
  ['GET /groups', undefined, ['owner', 'admin', 'member', 'guest', 'service']],
  ['GET /scenes/calm', undefined, ['owner', 'admin', 'member', 'service']],
  ['POST /groups/all/commands', { action: 'turnOn' }, ['owner', 'admin', 'member', 'service']],
  ['POST /scenes/calm/run', undefined, ['owner', 'admin', 'member', 'service']],
  ['PATCH /groups/all', {}, ['owner', 'admin']],
  ['PATCH /scenes/calm', {}, ['owner', 'admin']],
])('lets %s be asked by whom it is for', async (line, body, allowed) => {
  const { ask, groups } = await serve();
  groups.create({ name: 'All', devices: ['lamp'] }, anna);
  const calm = [{ group_id: 'all', action: 'turnOff' }];
  groups.scenes.create({ name: 'Calm', commands: calm }, anna);
  for (const role of ['owner', 'admin', 'member', 'guest', 'service'] as const) {
    const { status } = await ask(line, body, role);
    // Nothing is shared with a token of a guest: for it there is no such thing.
    const refused = role === 'guest' && !line.startsWith('PATCH') ? 404 : 403;
    if (allowed.includes(role)) expect(status, role).toBeLessThan(300);
    else expect(status, role).toBe(refused);
  }
});

it('describes itself: one heading for each route, and schemas that can be met', async () => {
  const { ask } = await serve();
  const { body } = await ask('GET /openapi.json');
  const routes = Object.entries<Record<string, { tags: string[] }>>(body.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { tags }]) => `${method} ${path} ${tags}`),
  );
  expect(routes.filter((line) => / (groups|scenes)$/.test(line)).sort()).toEqual([
    'delete /api/v1/groups/{id} groups',
    'delete /api/v1/scenes/{id} scenes',
    'get /api/v1/batches/{batch_id} groups',
    'get /api/v1/groups groups',
    'get /api/v1/groups/{id} groups',
    'get /api/v1/scenes scenes',
    'get /api/v1/scenes/{id} scenes',
    'patch /api/v1/groups/{id} groups',
    'patch /api/v1/scenes/{id} scenes',
    'post /api/v1/groups groups',
    'post /api/v1/groups/{id}/commands groups',
    'post /api/v1/scenes scenes',
    'post /api/v1/scenes/{id}/run scenes',
  ]);
  for (const name of ['GroupCommand', 'RunWishes', 'NewScene', 'Run']) {
    expect(body.components.schemas[name], name).toMatchObject({ type: 'object' });
    expect(body.components.schemas[name], name).not.toHaveProperty('allOf');
  }
});
