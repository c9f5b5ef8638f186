import { describe, expect, it } from 'vitest';
import { type Access, may, type Role, roles } from '#auth';
import { type House, openHouse } from './house.ts';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
  readonly tags?: readonly string[];
}

/** All that a stranger may ask for. Whoever adds to this list opens a door. */
const open = [
  'GET /api/v1/setup',
  'GET /api/v1/signing-keys',
  'GET /ca.crt',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /plain.css',
  'GET /trust',
  'POST /api/v1/auth/login',
  'POST /api/v1/setup',
];

/** A house, and every route in its OpenAPI document, which is where `route()` writes its rule. */
async function openWithRoutes(): Promise<{ house: House; all: Route[] }> {
  const house = await openHouse();
  const response = await house.fromLan('/openapi.json', { headers: house.as('guest') });
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { 'x-access': Access; tags?: string[] }>>;
  };
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, definition]) => ({
      method: method.toUpperCase(),
      path,
      access: definition['x-access'],
      ...(definition.tags && { tags: definition.tags }),
    })),
  );
  return { house, all };
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

/** Sends a request that says nothing: what matters is who is turned away before it is read. */
async function statusOf(
  house: House,
  { method, path }: Route,
  headers: Record<string, string>,
): Promise<number> {
  const url = path.replaceAll(/\{\w+\}/g, 'nobody');
  const body = method === 'GET' || method === 'DELETE' ? undefined : '{}';
  const response = await house.fromLan(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
    // Each from an address of its own: the share of one is not what is tested here.
    remoteAddress: `10.0.${Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`,
  });
  await response.body?.cancel();
  return response.status;
}

describe('every route', () => {
  it('says who may call it', async () => {
    const { all } = await openWithRoutes();
    expect(all.length).toBeGreaterThan(80);
    expect(all.filter(({ access }) => access === undefined).map(nameOf)).toEqual([]);
  });

  it('stands under a heading', async () => {
    const { all } = await openWithRoutes();
    expect(all.filter(({ tags = [] }) => tags.length !== 1).map(nameOf)).toEqual([]);
  });

  it('is closed to strangers, but for a short list', async () => {
    const { house, all } = await openWithRoutes();
    expect(
      all
        .filter(({ access }) => access === 'public')
        .map(nameOf)
        .sort(),
    ).toEqual(open);
    for (const route of all) {
      if (route.access === 'public') continue;
      expect(await statusOf(house, route, {}), nameOf(route)).toBe(401);
    }
  });

  it.each(roles)('lets %s do exactly what the table of roles says', async (role: Role) => {
    const { house, all } = await openWithRoutes();
    const headers = house.as(role);
    const caller = { kind: 'token', id: '1', name: 'a token', role } as const;
    for (const route of all) {
      if (route.access === 'public') continue;
      const status = await statusOf(house, route, headers);
      const name = `${role}: ${nameOf(route)} answered ${status}`;
      if (may(caller, route.access)) expect([401, 403], name).not.toContain(status);
      else expect(status, name).toBe(403);
    }
  });

  it('lets a device do what is for devices, and nothing else', async () => {
    const { house, all } = await openWithRoutes();
    const { apiKey } = house.devices.create({ id: 'plug' });
    for (const route of all) {
      if (route.access === 'public') continue;
      const status = await statusOf(house, route, { 'x-api-key': apiKey });
      if (route.access === 'device') expect([401, 403], nameOf(route)).not.toContain(status);
      else expect(status, nameOf(route)).toBe(403);
    }
  });

  it('is closed to keys and tokens that are wrong', async () => {
    const { house, all } = await openWithRoutes();
    const wrong = [{ 'x-api-key': 'wrong' }, { authorization: 'Bearer hearth_wrong' }];
    for (const headers of wrong) {
      for (const route of all) {
        if (route.access === 'public') continue;
        expect(await statusOf(house, route, headers), nameOf(route)).toBe(401);
      }
    }
  });
});

it('tells a stranger nothing of which paths there are', async () => {
  const house = await openHouse();
  for (const path of ['/api', '/api/v1', '/api/v1/nothing', '/api/v2/devices', '/api/']) {
    expect((await house.fromLan(path)).status, path).toBe(401);
    const known = await house.fromLan(path, { headers: house.as('guest') });
    expect(known.status, path).toBe(404);
    expect(known.headers.get('content-type')).toBe('application/problem+json');
  }
});

it('does not open when a handler forgets to say who may call it', async () => {
  const forgetful = openHouse({
    routes: [(api) => void api.get('/secrets', (context) => context.text('all of them'))],
  });
  await expect(forgetful).rejects.toThrow('GET /api/v1/secrets is not made with route()');
});
