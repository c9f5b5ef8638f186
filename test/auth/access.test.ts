import { OpenAPIHono, z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import {
  type Access,
  type Action,
  type Caller,
  type HearthEnv,
  localCaller,
  may,
  type Role,
  roles,
  route,
} from '#auth';
import { isHearthError } from '#kernel';

const everyone: readonly Role[] = ['owner', 'admin', 'member', 'guest', 'service'];

/** Written out a second time on purpose: a change of the table has to be made twice. */
const table: Record<Action, readonly Role[]> = {
  'devices.read': everyone,
  'devices.write': ['owner', 'admin'],
  'devices.control': ['owner', 'admin', 'member', 'service'],
  'telemetry.read': everyone,
  'telemetry.write': ['owner', 'admin', 'service'],
  'security.read': ['owner', 'admin'],
  'tokens.manage': ['owner'],
  'credentials.manage': ['owner'],
  'system.read': ['owner', 'admin', 'service'],
  'system.manage': ['owner'],
  'self.read': everyone,
};
const actions = Object.keys(table) as Action[];

const device: Caller = { kind: 'device', id: 'plug', name: 'plug', role: 'device' };
const callerWith = (role: Role): Caller => ({ kind: 'token', id: '1', name: 'ci', role });

describe.each(roles)('a caller with the role %s', (role) => {
  it.each(actions)('may do %s as the table says, and nothing else', (action) => {
    const allowed = table[action].includes(role);
    expect(may(callerWith(role), action)).toBe(allowed);
    expect(may({ kind: 'person', id: '1', name: 'Ann', role }, action)).toBe(allowed);
  });

  it('is no device', () => {
    expect(may(callerWith(role), 'device')).toBe(false);
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
});
