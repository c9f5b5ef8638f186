import { describe, expect, it } from 'vitest';
import { type Answer, addOwner, addPerson, type House, openHouse, owner } from './house.ts';

const { password } = owner;
const minuteMs = 60_000;
const theirs = 'seven quiet lamps';

/** The owner Olive, a second one, an admin and a member. */
async function household(): Promise<House> {
  const house = await openHouse();
  addOwner(house);
  for (const [id, role] of [
    ['second', 'owner'],
    ['admin', 'admin'],
    ['member', 'member'],
  ] as const) {
    addPerson(house, { id, name: id, email: `${id}@home.example`, role });
  }
  return house;
}

/** What Olive's browser holds, as somebody finds it open after `ageMs`. */
async function openBrowser(house: House, ageMs: number): Promise<string> {
  const { body } = await house.call('POST', '/auth/login', { body: owner });
  const { refresh_token } = body;
  house.clock.advance(ageMs);
  const refreshed = await house.call('POST', '/auth/refresh', { body: { refresh_token } });
  return String(refreshed.body.access_token);
}

type Step = readonly [what: string, method: string, path: string, body: object];

const guest = { email: 'new@home.example', name: 'New', password: theirs };

/** Each would make a second key to the home. `password` is the one of whoever asks. */
const steps: readonly Step[] = [
  ['make an owner', 'POST', '/people', { ...guest, role: 'owner' }],
  ['make an admin', 'POST', '/people', { ...guest, role: 'admin' }],
  ['invite an owner', 'POST', '/people/invitations', { role: 'owner' }],
  ['invite an admin', 'POST', '/people/invitations', { role: 'admin' }],
  ['promote to owner', 'PATCH', '/people/member', { role: 'owner' }],
  ['promote to admin', 'PATCH', '/people/member', { role: 'admin' }],
  ['promote an admin', 'PATCH', '/people/admin', { role: 'owner' }],
  ['set the password of an owner', 'PUT', '/people/second/password', { new_password: theirs }],
  ['make a code for an owner', 'POST', '/people/second/reset-password', {}],
  ['set the password of an admin', 'PUT', '/people/admin/password', { new_password: theirs }],
  ['make a code for an admin', 'POST', '/people/admin/reset-password', {}],
  ['make an owner’s token', 'POST', '/tokens', { name: 'ci', role: 'owner' }],
  ['make an admin’s token', 'POST', '/tokens', { name: 'ci', role: 'admin' }],
];

const fieldOf = (path: string) => (path === '/people' ? 'current_password' : 'password');

const told = ({ status, body }: Answer) => [status, body.field];

describe.each(steps)('to %s', (_what, method, path, body) => {
  const field = fieldOf(path);

  it('a token is not enough, whatever it may', async () => {
    const house = await household();
    const { token } = house.auth.tokens.create({ name: 'all', role: 'owner' });
    const answer = await house.call(method, path, { bearer: token, body });
    expect(told(answer)).toEqual([403, undefined]);
    const withWord = { ...body, [field]: password };
    expect((await house.call(method, path, { bearer: token, body: withWord })).status).toBe(403);
  });

  it('an open browser is not enough, without the password of its person', async () => {
    const house = await household();
    const bearer = await openBrowser(house, 10 * minuteMs);
    expect(told(await house.call(method, path, { bearer, body }))).toEqual([403, field]);
    const wrong = { ...body, [field]: 'a wrong guess at it' };
    expect(told(await house.call(method, path, { bearer, body: wrong }))).toEqual([403, field]);
    const right = { ...body, [field]: password };
    expect((await house.call(method, path, { bearer, body: right })).status).toBeLessThan(300);
  });

  it('a sign-in of a moment ago is enough', async () => {
    const house = await household();
    const bearer = await openBrowser(house, 9 * minuteMs);
    expect((await house.call(method, path, { bearer, body })).status).toBeLessThan(300);
  });

  it('nothing more is asked for at the machine', async () => {
    const house = await household();
    const answer = await house.call(method, path, { door: 'socket', body });
    expect(answer.status).toBeLessThan(300);
  });
});

describe('letting an owner in again', () => {
  it.each([
    ['DELETE', '/people/second/2fa', 409],
    ['PATCH', '/people/second', 200],
  ] as const)('by %s %s asks for as much', async (method, path, expected) => {
    const house = await household();
    const door = 'socket';
    await house.call('PATCH', '/people/second', { door, body: { disabled: true } });
    const body = method === 'PATCH' ? { disabled: false } : {};
    const { token } = house.auth.tokens.create({ name: 'all', role: 'owner' });
    expect((await house.call(method, path, { bearer: token, body })).status).toBe(403);
    const bearer = await openBrowser(house, 10 * minuteMs);
    expect(told(await house.call(method, path, { bearer, body }))).toEqual([403, 'password']);
    const right = { ...body, password };
    expect((await house.call(method, path, { bearer, body: right })).status).toBe(expected);
  });
});

describe('what keeps nobody from the home', () => {
  it.each<Step>([
    ['a member', 'POST', '/people', { ...guest, role: 'member' }],
    ['an invitation', 'POST', '/people/invitations', { role: 'member' }],
    ['a smaller role', 'PATCH', '/people/admin', { role: 'member' }],
    ['a name', 'PATCH', '/people/admin', { name: 'Adam', role: 'admin' }],
    ['a token for a program', 'POST', '/tokens', { name: 'ci', role: 'service' }],
  ])('%s asks for no password', async (_what, method, path, body) => {
    const house = await household();
    const bearer = await openBrowser(house, 20 * minuteMs);
    expect((await house.call(method, path, { bearer, body })).status).toBeLessThan(300);
  });

  it('is refused by rank first: nobody is asked for a password in vain', async () => {
    const house = await household();
    const signIn = { email: 'admin@home.example', password };
    const { body } = await house.call('POST', '/auth/login', { body: signIn });
    const bearer = String(body.access_token);
    house.clock.advance(20 * minuteMs);
    const asked = { role: 'owner' };
    const answer = await house.call('POST', '/people/invitations', { bearer, body: asked });
    expect(told(answer)).toEqual([403, undefined]);
  });
});

describe('a token', () => {
  const all = (house: House) => house.auth.tokens.create({ name: 'all', role: 'owner' });

  it.each<Step>([
    ['a token', 'POST', '/tokens', { name: 'x', role: 'service' }],
    ['a credential', 'POST', '/credentials', { name: 'x', role: 'service' }],
  ])(
    'makes no %s: that would be without its scopes and its end',
    async (_w, method, path, body) => {
      const house = await household();
      const narrow = house.auth.tokens.create({
        name: 'narrow',
        role: 'owner',
        scopes: ['tokens.manage', 'credentials.manage'],
        expiresIn: '1h',
      });
      for (const { token } of [narrow, all(house)]) {
        const answer = await house.call(method, path, { bearer: token, body });
        expect([answer.status, answer.body.hint]).toEqual([
          403,
          expect.stringContaining('machine'),
        ]);
      }
    },
  );

  it('ends no other, nor a credential; itself it does', async () => {
    const house = await household();
    const { token, id } = all(house);
    const other = house.auth.tokens.create({ name: 'other', role: 'service' });
    await house.auth.credentials.add({ name: 'plug', role: 'device' });
    const end = async (path: string) =>
      (await house.call('DELETE', path, { bearer: token })).status;
    expect(await end(`/tokens/${other.id}`)).toBe(403);
    expect(await end('/credentials/plug')).toBe(403);
    expect(house.auth.callerOfToken(other.token)).toBeDefined();
    expect(await end(`/tokens/${id}`)).toBe(204);
    expect(house.auth.callerOfToken(token)).toBeUndefined();
  });

  it('has a name of its own among those that live', async () => {
    const house = await household();
    const door = 'socket';
    const make = async (name: string) =>
      house.call('POST', '/tokens', { door, body: { name, role: 'service' } });
    const first = await make('Car');
    expect(told(await make(' car '))).toEqual([409, 'name']);
    await house.call('DELETE', `/tokens/${first.body.id}`, { door });
    expect((await make('car')).status).toBe(201);
  });
});
