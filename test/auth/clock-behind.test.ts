import { expect, it } from 'vitest';
import { addOwner, type House, openHouse, owner, startMs } from './house.ts';

const dayMs = 86_400_000;

const me = async (house: House, bearer: string) =>
  (await house.call('GET', '/auth/me', { bearer })).status;

/** The hub after a power cut, with the clock of its machine where the battery left it. */
async function wakeUp(house: House, markAtMs: number): Promise<House> {
  await house.auth.stop();
  let notBeforeMs = 0;
  // As the queue that keeps the mark: it starts after this.
  const woken = await openHouse(
    house.directory,
    { notBeforeMs: () => notBeforeMs },
    startMs - dayMs,
  );
  notBeforeMs = markAtMs;
  return woken;
}

it('a clock that was reset brings nothing back that had ended', async () => {
  const house = await openHouse();
  addOwner(house);
  const { token } = house.auth.tokens.create({ name: 'ci', role: 'owner', expiresIn: '1d' });
  const { code } = house.auth.invitations.create({ role: 'guest', lifetimeMs: dayMs }, 'local');
  const login = await house.call('POST', '/auth/login', { body: owner });
  const reset = await house.call('POST', '/people/olive/reset-password', { door: 'socket' });
  // No sweep has come by yet: the hub was away when all of it ended.
  const woken = await wakeUp(house, startMs + 31 * dayMs);
  const { cookie } = login;
  expect(await me(woken, token)).toBe(401);
  expect(await me(woken, String(login.body.access_token))).toBe(401);
  expect((await woken.call('GET', '/auth/me', { headers: { cookie } })).status).toBe(401);
  const refresh = { refresh_token: login.body.refresh_token };
  expect((await woken.call('POST', '/auth/refresh', { body: refresh })).status).toBe(401);
  const joining = { email: 'n@home.example', name: 'N', password: 'seven quiet lamps' };
  const body = { ...joining, invitation: code };
  expect((await woken.call('POST', '/auth/register', { body })).status).toBe(403);
  const next = { code: reset.body.code, new_password: 'seven quiet lamps' };
  expect((await woken.call('POST', '/auth/password/reset', { body: next })).status).toBe(403);
});

it('an access token ends by then, in a session that goes on', async () => {
  const house = await openHouse();
  addOwner(house);
  const { body, cookie } = await house.call('POST', '/auth/login', { body: owner });
  const woken = await wakeUp(house, startMs + dayMs);
  expect(await me(woken, String(body.access_token))).toBe(401);
  expect((await woken.call('GET', '/auth/me', { headers: { cookie } })).status).toBe(200);
});

it('whoever signs in meanwhile is in, and stays so once the clock is right', async () => {
  const house = await openHouse();
  addOwner(house);
  const woken = await wakeUp(house, startMs + 400 * dayMs);
  const login = await woken.call('POST', '/auth/login', { body: owner });
  const { token } = woken.auth.tokens.create({ name: 'ci', role: 'owner', expiresIn: '1d' });
  expect([await me(woken, String(login.body.access_token)), await me(woken, token)]).toEqual([
    200, 200,
  ]);
  woken.clock.step(startMs + 400 * dayMs + 60_000);
  const { cookie } = login;
  expect((await woken.call('GET', '/auth/me', { headers: { cookie } })).status).toBe(200);
  expect(await me(woken, token)).toBe(200);
});
