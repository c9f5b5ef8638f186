import { expect, it } from 'vitest';
import type { Role } from '#auth';
import { openHouse } from '../http/house.ts';
import { attempt } from './home.ts';

it.each<[Role, boolean]>([
  ['owner', true],
  ['admin', true],
  ['member', false],
  ['service', false],
])('tells the %s of a home how much was refused to a device: %s', async (role, isTold) => {
  const house = await openHouse();
  house.devices.create({ id: 'plug' });
  await house.gate.authenticate(attempt({ username: 'plug', password: Buffer.from('wrong') }));
  const get = async (path: string) => {
    const answer = await house.fromLan(`/api/v1${path}`, { headers: house.as(role) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const denied = isTold ? 1 : undefined;
  expect((await get('/devices')).body.devices).toMatchObject([{ id: 'plug' }]);
  const [listed] = (await get('/devices')).body.devices as { denied?: number }[];
  expect(listed?.denied).toBe(denied);
  expect((await get('/devices/plug')).body.denied).toBe(denied);
  expect((await get('/denials')).status).toBe(isTold ? 200 : 403);
});

it('does not tell a device, nor a token that may change it and no more', async () => {
  const house = await openHouse();
  const { apiKey } = house.devices.create({ id: 'plug' });
  const own = await house.fromLan('/api/v1/devices/status', { headers: { 'x-api-key': apiKey } });
  expect(await own.json()).not.toHaveProperty('denied');
  const { token } = house.auth.tokens.create({
    name: 'editor',
    role: 'admin',
    scopes: ['devices.write'],
  });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const changed = await house.fromLan('/api/v1/devices/plug', {
    method: 'PATCH',
    headers,
    body: '{"name":"Plug"}',
  });
  expect(changed.status).toBe(200);
  expect(await changed.json()).not.toHaveProperty('denied');
});
