import { OpenAPIHono, z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import {
  type Access,
  type Action,
  actions as allActions,
  type Caller,
  type HearthEnv,
  isAction,
  localCaller,
  may,
  type Role,
  roles,
  route,
  type ShareAccess,
  scopeOf,
  sightOf,
  sightWith,
} from '#auth';
import { isHearthError } from '#kernel';

const everyone: readonly Role[] = ['owner', 'admin', 'member', 'guest', 'service'];

/** Written out a second time on purpose: a change of the table has to be made twice. */
const table: Record<Action, readonly Role[]> = {
  'devices.read': everyone,
  'devices.control': everyone,
  'devices.write': ['owner', 'admin'],
  'telemetry.read': everyone,
  'telemetry.write': ['owner', 'admin', 'service'],
  'telemetry.sensitive': ['owner', 'admin'],
  'telemetry.export': ['owner', 'admin'],
  'telemetry.delete': ['owner', 'admin'],
  'telemetry.sql': ['owner'],
  'schedules.write': ['owner', 'admin', 'member', 'service'],
  'people.manage': ['owner', 'admin'],
  'shares.manage': ['owner', 'admin'],
  'join.manage': ['owner', 'admin'],
  'security.read': ['owner', 'admin'],
  'audit.read': ['owner', 'admin'],
  'tokens.manage': ['owner'],
  'credentials.manage': ['owner'],
  'secrets.manage': ['owner'],
  'system.read': ['owner', 'admin', 'service'],
  'system.manage': ['owner'],
  'self.read': everyone,
};
/** What a guest may do with what is shared with them, and not in the whole home. */
const shared: readonly Action[] = ['devices.read', 'devices.control', 'telemetry.read'];
const actions = Object.keys(table) as Action[];

const device: Caller = { kind: 'device', id: 'plug', name: 'plug', role: 'device' };
const callerWith = (role: Role): Caller => ({ kind: 'token', id: '1', name: 'ci', role });

describe.each(roles)('a caller with the role %s', (role) => {
  it.each(actions)('may do %s as the table says, and nothing else', (action) => {
    const allowed = table[action].includes(role);
    expect(may(callerWith(role), action)).toBe(allowed);
    expect(may({ kind: 'person', id: '1', name: 'Ann', role, sessionId: 's' }, action)).toBe(
      allowed,
    );
    const where = role === 'guest' && shared.includes(action) ? 'shared' : 'home';
    expect(scopeOf(callerWith(role), action)).toBe(allowed ? where : undefined);
  });

  it('may no more than the scopes of its token say', () => {
    const scopes: Action[] = ['telemetry.read', 'devices.write'];
    for (const action of actions) {
      const isAllowed = table[action].includes(role) && scopes.includes(action);
      const caller: Caller = { kind: 'token', id: '1', name: 'ci', role, scopes };
      expect(may(caller, action), action).toBe(isAllowed);
    }
    const none: Caller = { kind: 'token', id: '1', name: 'ci', role, scopes: [] };
    expect(actions.filter((action) => may(none, action))).toEqual([]);
  });

  it('is no device', () => {
    expect(may(callerWith(role), 'device')).toBe(false);
  });
});

it('knows its actions by name', () => {
  expect([...allActions].sort()).toEqual([...actions].sort());
  expect(['devices.read', 'toString', 'devices', ''].map(isAction)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

describe('what a caller sees', () => {
  const given: Record<string, ShareAccess> = { lamp: 'read', fan: 'control' };
  const shares = {
    accessTo: (personId: string, id: string) => (personId === 'gus' ? given[id] : undefined),
    devicesOf: (personId: string) => (personId === 'gus' ? Object.keys(given) : []),
  };
  const person = (id: string, role: Role): Caller => ({
    kind: 'person',
    id,
    name: id,
    role,
    sessionId: 's',
  });
  const all = ['lamp', 'fan', 'plug'];

  it.each<[string, Caller | undefined, sees: string[], controls: string[]]>([
    ['a stranger', undefined, [], []],
    ['the machine', localCaller, all, all],
    ['an owner', person('o', 'owner'), all, all],
    ['a member', person('m', 'member'), all, all],
    ['a guest', person('gus', 'guest'), ['lamp', 'fan'], ['fan']],
    ['another guest', person('eve', 'guest'), [], []],
    ['a service', callerWith('service'), all, all],
    [
      'a service that looks',
      { kind: 'token', id: '1', name: 'ci', role: 'service', scopes: ['devices.read'] },
      all,
      [],
    ],
    ['the token of a guest', { kind: 'token', id: 'gus', name: 'gus', role: 'guest' }, [], []],
    ['a device', device, ['plug'], []],
  ])('%s: %o', (_, caller, sees, controls) => {
    const sight = sightWith(caller, shares);
    expect(all.filter((id) => sight.sees(id))).toEqual(sees);
    expect(all.filter((id) => sight.controls(id))).toEqual(controls);
    expect(sight.only()).toEqual(sight.seesAll ? undefined : sees);
  });

  it('is nothing for a guest while nobody says what is shared', () => {
    expect(sightWith(person('gus', 'guest')).sees('lamp')).toBe(false);
  });
});

it('lets the owner at the machine do everything', () => {
  for (const action of actions) expect(may(localCaller, action), action).toBe(true);
});

it('lets a device do what devices do, and nothing else', () => {
  expect(may(device, 'device')).toBe(true);
  for (const action of actions) expect(may(device, action), action).toBe(false);
});

it('lets a stranger do nothing but what is public', () => {
  expect(may(undefined, 'public')).toBe(true);
  for (const action of [...actions, 'device'] as Access[]) {
    expect(may(undefined, action), action).toBe(false);
  }
});

describe('a route', () => {
  const answer = {
    200: { description: 'Done', content: { 'text/plain': { schema: z.string() } } },
  };

  function appWith(access: Access, caller: Caller | undefined) {
    const app = new OpenAPIHono<HearthEnv>();
    app.use((context, next) => {
      context.set('caller', caller);
      return next();
    });
    app.onError((error, context) =>
      context.text(isHearthError(error) ? `${error.code}: ${error.hint}` : 'bug', 500),
    );
    app.openapi(route(access, { method: 'get', path: '/thing', responses: answer }), (context) =>
      context.text('done', 200),
    );
    return app;
  }

  it.each<[Access, Caller | undefined, RegExp]>([
    ['public', undefined, /^done$/],
    ['devices.write', undefined, /^unauthenticated: Sign in/],
    ['device', undefined, /^unauthenticated: Send the device's key/],
    ['devices.write', callerWith('guest'), /^forbidden: Ask the owner/],
    ['devices.write', device, /^forbidden: /],
    ['device', device, /^done$/],
    ['devices.write', callerWith('admin'), /^done$/],
  ])('that asks for %s tells %o: %s', async (access, caller, expected) => {
    const response = await appWith(access, caller).request('/thing');
    expect(await response.text()).toMatch(expected);
  });

  it('says in the API document whom it lets in', () => {
    const document = appWith('devices.write', undefined).getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Hearth', version: '1' },
    });
    expect(document.paths?.['/thing']?.get).toMatchObject({
      'x-access': 'devices.write',
      security: [{ bearer: [] }],
    });
  });

  it.each<[Access, string, ShareAccess | undefined, RegExp]>([
    ['devices.read', 'lamp', 'read', /^done$/],
    ['devices.control', 'lamp', 'control', /^done$/],
    ['devices.control', 'lamp', 'read', /^forbidden: Ask the owner of this home to share/],
    ['devices.read', 'lamp', undefined, /^not_found: The list of devices/],
    ['devices.control', 'lamp', undefined, /^not_found: The list of devices/],
    ['devices.write', 'lamp', 'control', /^forbidden: Ask the owner of this home for a role/],
    ['devices.write', 'lamp', undefined, /^forbidden: Ask the owner of this home for a role/],
    ['devices.read', 'l%61mp', 'read', /^done$/],
  ])('with a device in its path that asks for %s of %s: %s', async (access, id, given, said) => {
    const gus: Caller = { kind: 'person', id: 'g', name: 'Gus', role: 'guest', sessionId: 's' };
    const app = new OpenAPIHono<HearthEnv>();
    app.use((context, next) => {
      context.set('caller', gus);
      context.set(
        'sight',
        sightWith(gus, {
          accessTo: (_, device) => (device === 'lamp' ? given : undefined),
          devicesOf: () => [],
        }),
      );
      return next();
    });
    app.onError((error, context) =>
      context.text(isHearthError(error) ? `${error.code}: ${error.hint}` : 'bug', 500),
    );
    app.openapi(
      route(access, { method: 'get', path: '/devices/{id}/thing', responses: answer }),
      (context) => context.text(sightOf(context).sees('lamp') ? 'done' : 'blind', 200),
    );
    const response = await app.request(`/devices/${id}/thing`);
    expect(await response.text()).toMatch(said);
  });
});
