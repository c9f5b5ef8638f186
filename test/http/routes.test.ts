import { describe, expect, it } from 'vitest';
import type { Access } from '#auth';
import { type House, openHouse } from './house.ts';
import { expectations } from './routes-by-role.expectations.ts';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
  readonly tags?: readonly string[];
}

/** A house, and every route in its OpenAPI document, which is where `route()` writes its rule. */
async function openWithRoutes(): Promise<{ house: House; all: Route[] }> {
  const house = await openHouse();
  const response = await house.fromLan('/openapi.json', { headers: house.as('member') });
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

/** As the expectations write it. */
const nameOf = ({ method, path }: Route): string => `${method} ${path.replace('/api/v1', '')}`;

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
    const { routes: open = [] } = expectations['open to strangers'] ?? {};
    expect(
      all
        .filter(({ access }) => access === 'public')
        .map(nameOf)
        .sort(),
    ).toEqual(open.toSorted());
    for (const route of all) {
      if (route.access === 'public') continue;
      expect(await statusOf(house, route, {}), nameOf(route)).toBe(401);
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
    const known = await house.fromLan(path, { headers: house.as('member') });
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
