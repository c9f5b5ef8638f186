import { describe, expect, it } from 'vitest';
import type { Action, Role } from '#auth';
import { type House, openHouse } from './house.ts';
import { type CallerName, callers, expectations } from './routes-by-role.expectations.ts';

const base = '/api/v1';
const origin = { remoteAddress: '192.168.1.7', userAgent: 'test' };

interface Route {
  /** `GET /devices/{id}`, as the expectations write it. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

async function routesOf(house: House): Promise<Route[]> {
  const response = await house.fromLan('/openapi.json', { headers: house.as('owner') });
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      name: `${method.toUpperCase()} ${path.replace(base, '')}`,
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** A house with a lamp that is shared with some of its guests. */
async function furnished(): Promise<{ house: House; apiKey: string }> {
  const house = await openHouse();
  const { apiKey } = house.devices.create({ id: 'lamp' });
  return { house, apiKey };
}

async function share(house: House, body: object): Promise<void> {
  const response = await house.fromLan(`${base}/shares`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...house.as('owner') },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
}

/** What a caller sends along; asked for each request, for some of them end a session. */
function headersFor(house: House, name: CallerName, apiKey: string) {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const program = (role: Role, scopes?: readonly Action[]) => {
    const { token } = house.auth.tokens.create({ name, role, scopes });
    return async () => bearer(token);
  };
  const person = (role: 'owner' | 'admin' | 'member' | 'guest', access?: 'read' | 'control') => {
    const { id } = house.auth.people.add({ name, email: 'p@home.example', role });
    const shared = access && share(house, { person_id: id, device_id: 'lamp', access });
    return async () => {
      await shared;
      const { accessToken } = await house.auth.signIns.signInAs(id, 'password', origin);
      return bearer(accessToken);
    };
  };
  switch (name) {
    case 'owner':
    case 'admin':
    case 'member':
    case 'guest':
      return person(name);
    case 'guest who looks':
      return person('guest', 'read');
    case 'guest who controls':
      return person('guest', 'control');
    case 'service':
      return program('service');
    case 'service with one scope':
      return program('service', ['telemetry.read']);
    case 'device':
      return async () => ({ 'x-api-key': apiKey });
    case 'stranger':
      return async () => ({});
  }
}

/** Sends a request that says nothing: what matters is who is turned away before it is read. */
async function answerTo(
  house: House,
  { method, path }: Pick<Route, 'method' | 'path'>,
  headers: Record<string, string>,
  deviceId = 'lamp',
): Promise<string> {
  const url = path
    .replace(/\/devices\/\{\w+\}/, `/devices/${deviceId}`)
    .replaceAll(/\{\w+\}/g, 'nobody');
  const response = await house.fromLan(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
    // Each from an address of its own: the share of one is not what is tested here.
    remoteAddress: `10.0.${Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`,
  });
  if (response.status === 401) return '1';
  if (response.status === 403) return '3';
  if (response.status !== 404) {
    await response.body?.cancel();
    return '+';
  }
  const text = await response.text();
  return text.includes(`there is no device \\"${deviceId}\\"`) ? '4' : '+';
}

const whoOf = (route: string): string | undefined =>
  Object.values(expectations).find(({ routes }) => routes.includes(route))?.who;

it('is written out for every route there is, and for none that is gone', async () => {
  const { house } = await furnished();
  const there = (await routesOf(house)).map(({ name }) => name);
  const expected = Object.values(expectations).flatMap(({ routes }) => routes);
  expect(there.sort()).toEqual([...expected].sort());
  for (const { who } of Object.values(expectations)) expect(who).toHaveLength(callers.length);
});

describe.each(callers.map((name, place) => [name, place] as const))('%s', (name, place) => {
  it('gets in where the table says, and nowhere else', async () => {
    const { house, apiKey } = await furnished();
    const headers = headersFor(house, name, apiKey);
    const wrong: string[] = [];
    for (const route of await routesOf(house)) {
      const expected = whoOf(route.name)?.[place];
      // What is open may still turn away who brings nothing.
      if (whoOf(route.name) === expectations['open to strangers']?.who) continue;
      // The lamp itself has to stay for the others.
      const deviceId = expected === '+' && route.name === 'DELETE /devices/{id}' ? 'no' : 'lamp';
      const answer = await answerTo(house, route, await headers(), deviceId);
      const isIn = answer === expected || (deviceId === 'no' && answer === '4');
      if (!isIn) wrong.push(`${route.name}: ${answer} instead of ${expected}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a device that a guest does not see', () => {
  it('is answered, byte for byte, like one that is not there', async () => {
    const { house, apiKey } = await furnished();
    const headers = await headersFor(house, 'guest', apiKey)();
    const said = async (path: string, method: string, id: string) => {
      const response = await house.fromLan(path.replace('{id}', id), {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{"no": 1}' }),
      });
      // How much of their share is left says how often they asked.
      const kept = [...response.headers].filter(([key]) => key !== 'ratelimit');
      return [response.status, kept, (await response.text()).replaceAll(id, 'ID')];
    };
    const routes = (await routesOf(house)).filter(({ path }) => path.includes('/devices/{id}'));
    expect(routes.length).toBeGreaterThan(20);
    for (const { name, method, path } of routes) {
      expect(await said(path, method, 'lamp'), name).toEqual(await said(path, method, 'none'));
    }
  });

  it('is answered as the owner is told of one that is not there', async () => {
    const { house, apiKey } = await furnished();
    const guest = await headersFor(house, 'guest', apiKey)();
    const ask = async (id: string, headers: Record<string, string>) =>
      (await (await house.fromLan(`${base}/devices/${id}`, { headers })).text()).replace(id, 'ID');
    expect(await ask('lamp', guest)).toBe(await ask('none', house.as('owner')));
  });
});
