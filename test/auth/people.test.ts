import { describe, expect, it } from 'vitest';
import type { PersonRole } from '#auth';
import { addOwner, addPerson, type House, openHouse, owner, startMs } from './house.ts';

const { password } = owner;
const dayMs = 86_400_000;

/** The owner Olive, and one of each other role, named and identified by it. */
async function household(): Promise<House> {
  const house = await openHouse();
  addOwner(house);
  for (const role of ['admin', 'member', 'guest'] as const) {
    addPerson(house, { id: role, name: role, email: `${role}@home.example`, role });
  }
  return house;
}

async function bearerOf(house: House, email: string): Promise<string> {
  const { body } = await house.call('POST', '/auth/login', { body: { email, password } });
  return String(body.access_token);
}

const asRole = (house: House, role: PersonRole) =>
  bearerOf(house, role === 'owner' ? owner.email : `${role}@home.example`);

const invite = (house: House, bearer: string, body: object) =>
  house.call('POST', '/people/invitations', { bearer, body });

const register = (house: House, change: Record<string, unknown>, from = '192.168.1.20') =>
  house.call('POST', '/auth/register', {
    body: { email: 'new@home.example', password: 'seven quiet lamps', name: 'New', ...change },
    from,
  });

describe('an invitation', () => {
  it('is shown once, and lets one person join with its role', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    const made = await invite(house, bearer, { role: 'member', expires_in: '2d' });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    expect(made.body).toEqual({
      id: expect.any(String),
      role: 'member',
      email: null,
      invited_by: 'person:Olive',
      created_at: new Date(startMs).toISOString(),
      expires_at: new Date(startMs + 2 * dayMs).toISOString(),
      code: expect.stringMatching(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/),
      url: `http://hub.local:8080/#/join?invitation=${made.body.code}`,
    });
    const list = await house.call('GET', '/people/invitations', { bearer });
    const { code, url: _url, ...shown } = made.body;
    expect(list.body).toEqual({ invitations: [shown] });

    const typed = String(code).toUpperCase().replaceAll('-', ' ');
    const joined = await register(house, { invitation: typed, email: 'New@Home.example' });
    expect(joined.status).toBe(201);
    expect(joined.body).toEqual({
      id: expect.any(String),
      email: 'new@home.example',
      name: 'New',
      full_name: 'New',
      created_at: new Date(startMs).toISOString(),
      role: 'member',
    });
    expect((await register(house, { invitation: code, email: 'b@home.example' })).status).toBe(403);
    const signedIn = await house.call('POST', '/auth/login', {
      body: { email: 'new@home.example', password: 'seven quiet lamps' },
    });
    expect(signedIn.body.person).toMatchObject({ role: 'member', name: 'New' });
    expect(house.audited.map(({ action }) => action)).toEqual([
      'auth.login',
      'person.invite',
      'person.join',
      'auth.login',
    ]);
  });

  it('takes full_name for a name', async () => {
    const house = await household();
    const { body } = await invite(house, await asRole(house, 'owner'), { role: 'guest' });
    const change = { name: undefined, full_name: 'Nora New', invitation: body.code };
    expect((await register(house, change)).body).toMatchObject({ name: 'Nora New' });
  });

  it.each<[string, (code: string) => Record<string, unknown>, (house: House) => void]>([
    ['there is none', () => ({}), () => {}],
    ['it is another', () => ({ invitation: 'zzzz-zzzz-zzzz-zzzz' }), () => {}],
    [
      'it is for another email',
      (invitation) => ({ invitation, email: 'eve@home.example' }),
      () => {},
    ],
    ['it has expired', (invitation) => ({ invitation }), (house) => house.clock.advance(7 * dayMs)],
    [
      'it was withdrawn',
      (invitation) => ({ invitation }),
      (house) => house.db.prepare('DELETE FROM invitations').run(),
    ],
  ])('lets nobody in when %s, and says no more than that', async (_what, change, happen) => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    const made = await invite(house, bearer, { role: 'guest', email: 'New@home.example' });
    happen(house);
    const answer = await register(house, change(String(made.body.code)));
    expect([answer.status, answer.body.message]).toEqual([403, 'registration is closed']);
    expect(house.auth.people.byEmail('new@home.example')).toBeUndefined();
  });

  it('is not used up by a weak password', async () => {
    const house = await household();
    const { body } = await invite(house, await asRole(house, 'owner'), { role: 'guest' });
    const weak = await register(house, { invitation: body.code, password: '1234567890' });
    expect([weak.status, weak.body.field]).toEqual([400, 'password']);
    expect((await register(house, { invitation: body.code })).status).toBe(201);
  });

  it('lets one person in, however many use it at once', async () => {
    const house = await household();
    const { body } = await invite(house, await asRole(house, 'owner'), { role: 'guest' });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        register(house, { invitation: body.code, email: `${name}@home.example` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403]);
  });

  it('is not guessed: five tries, then a wait', async () => {
    const house = await household();
    const guess = { invitation: 'zzzz-zzzz-zzzz-zzzz' };
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await register(house, guess)).status);
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
    expect((await register(house, guess, '192.168.1.21')).status).toBe(403);
  });

  it('can be withdrawn', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    const { body } = await invite(house, bearer, { role: 'guest' });
    const path = `/people/invitations/${body.id}`;
    expect((await house.call('DELETE', path, { bearer })).status).toBe(204);
    expect((await house.call('DELETE', path, { bearer })).status).toBe(404);
    expect((await register(house, { invitation: body.code })).status).toBe(403);
  });

  it('is of no use before there is an owner, and says how the owner is made', async () => {
    const answer = await register(await openHouse(), {});
    expect([answer.status, answer.body.hint]).toEqual([403, expect.stringContaining('/setup')]);
  });

  it.each<[PersonRole, PersonRole, number]>([
    ['owner', 'owner', 201],
    ['owner', 'admin', 201],
    ['owner', 'guest', 201],
    ['admin', 'owner', 403],
    ['admin', 'admin', 403],
    ['admin', 'member', 201],
    ['admin', 'guest', 201],
    ['member', 'guest', 403],
    ['guest', 'guest', 403],
  ])('from an %s for an %s gives %i', async (by, role, expected) => {
    const house = await household();
    expect((await invite(house, await asRole(house, by), { role })).status).toBe(expected);
  });

  it.each([
    ['a role for machines', { role: 'service' }],
    ['an end beyond thirty days', { role: 'guest', expires_in: '31d' }],
    ['an end that is none', { role: 'guest', expires_in: 'soon' }],
    ['a word too many', { role: 'guest', admin: true }],
  ])('is refused with %s', async (_what, body) => {
    const house = await household();
    expect((await invite(house, await asRole(house, 'owner'), body)).status).toBe(400);
  });
});

type Step = readonly [method: string, path: string, body?: object];
const demote: Step = ['PATCH', '', { role: 'guest' }];
const disable: Step = ['PATCH', '', { disabled: true }];
const remove: Step = ['DELETE', ''];
const reset: Step = ['POST', '/reset-password'];

describe('people', () => {
  it('are listed with what the owner wants to know of them', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    const { body } = await house.call('GET', '/people', { bearer });
    const everyone = body.people as { id: string }[];
    expect(everyone.map(({ id }) => id).sort()).toEqual(['admin', 'guest', 'member', 'olive']);
    expect(everyone).toContainEqual({
      id: 'olive',
      name: 'Olive',
      email: owner.email,
      role: 'owner',
      state: 'active',
      has_password: true,
      second_factor: false,
      created_at: new Date(startMs).toISOString(),
      last_used_at: new Date(startMs).toISOString(),
    });
    expect(JSON.stringify(body)).not.toContain('scrypt');
    expect((await house.call('GET', '/people/guest', { bearer })).body).toMatchObject({
      id: 'guest',
      last_used_at: null,
    });
    expect((await house.call('GET', '/people/nobody', { bearer })).status).toBe(404);
  });

  it.each<[by: PersonRole, whom: string, step: Step, expected: number]>([
    ['owner', 'admin', demote, 200],
    ['owner', 'member', ['PATCH', '', { role: 'owner' }], 200],
    ['owner', 'guest', remove, 204],
    ['owner', 'olive', demote, 409],
    ['owner', 'olive', disable, 409],
    ['owner', 'olive', remove, 409],
    ['owner', 'olive', ['PATCH', '', { name: 'Olivia' }], 200],
    ['owner', 'olive', ['PATCH', '', { role: 'owner' }], 200],
    ['admin', 'member', ['PATCH', '', { role: 'guest', name: 'Mo' }], 200],
    ['admin', 'guest', disable, 200],
    ['admin', 'guest', remove, 204],
    ['admin', 'guest', reset, 201],
    ['admin', 'member', ['PATCH', '', { role: 'admin' }], 403],
    ['admin', 'member', ['PATCH', '', { role: 'owner' }], 403],
    ['admin', 'admin', ['PATCH', '', { role: 'owner' }], 403],
    ['admin', 'olive', demote, 403],
    ['admin', 'olive', disable, 403],
    ['admin', 'olive', remove, 403],
    ['admin', 'olive', reset, 403],
    ['admin', 'olive', ['DELETE', '/2fa'], 403],
    ['admin', 'guest', ['PUT', '/password', { new_password: 'seven quiet lamps' }], 204],
    ['admin', 'olive', ['PUT', '/password', { new_password: 'seven quiet lamps' }], 403],
    ['owner', 'admin', ['PUT', '/password', { new_password: 'short' }], 400],
    ['admin', 'guest', ['DELETE', '/sessions'], 204],
    ['admin', 'olive', ['DELETE', '/sessions'], 403],
    // Their own goes by their own account, with the password.
    ['owner', 'olive', ['PUT', '/password', { new_password: 'seven quiet lamps' }], 403],
    ['owner', 'olive', reset, 403],
    ['owner', 'olive', ['DELETE', '/2fa'], 403],
    ['member', 'guest', disable, 403],
    ['guest', 'guest', ['PATCH', '', { role: 'owner' }], 403],
    ['owner', 'nobody', remove, 404],
    ['owner', 'guest', ['DELETE', '/2fa'], 409],
    ['owner', 'guest', ['PATCH', '', { role: 'service' }], 400],
    ['owner', 'guest', ['PATCH', '', { email: 'x@home.example' }], 400],
  ])('an %s asks of %s: %o gives %i', async (by, whom, [method, path, body], expected) => {
    const house = await household();
    const bearer = await asRole(house, by);
    const answer = await house.call(method, `/people/${whom}${path}`, { bearer, body });
    expect(answer.status).toBe(expected);
  });

  it('keep one owner, and may have two', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    await house.call('PATCH', '/people/admin', { bearer, body: { role: 'owner' } });
    const admin = await asRole(house, 'admin');
    const gone = await house.call('PATCH', '/people/olive', {
      bearer: admin,
      body: { disabled: true },
    });
    expect(gone.status).toBe(200);
    // The one who is disabled does not count.
    const last = await house.call('DELETE', '/people/admin', { bearer: admin });
    expect(last.status).toBe(409);
  });

  it('that are disabled cannot sign in, and are told no more than anybody', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    await house.call('PATCH', '/people/guest', { bearer, body: { disabled: true } });
    const logIn = () =>
      house.call('POST', '/auth/login', { body: { email: 'guest@home.example', password } });
    const refused = await logIn();
    expect([refused.status, refused.body.message]).toEqual([
      401,
      'the email or the password is wrong',
    ]);
    await house.call('PATCH', '/people/guest', { bearer, body: { disabled: false } });
    expect((await logIn()).status).toBe(200);
  });

  it('that are removed are gone, after a restart too, and may be invited again', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    await bearerOf(house, 'guest@home.example');
    expect((await house.call('DELETE', '/people/guest', { bearer })).status).toBe(204);
    const after = await house.restart();
    expect(after.auth.people.get('guest')).toBeUndefined();
    const body = { role: 'guest', email: 'guest@home.example' };
    expect((await invite(after, bearer, body)).status).toBe(201);
  });

  it('are told of as they change', async () => {
    const house = await household();
    const news: unknown[] = [];
    house.auth.people.onChange.listen(({ change, person }) => news.push([change, person.id]));
    const bearer = await asRole(house, 'owner');
    await house.call('PATCH', '/people/guest', { bearer, body: { name: 'Gus' } });
    await house.call('DELETE', '/people/guest', { bearer });
    expect(news).toEqual([
      ['updated', 'guest'],
      ['removed', 'guest'],
    ]);
  });

  it('are dealt with at the machine itself, without any sign-in', async () => {
    const house = await household();
    const door = 'socket';
    const made = await house.call('POST', '/people/invitations', { door, body: { role: 'owner' } });
    expect(made.body).toMatchObject({
      invited_by: 'local',
      url: `/#/join?invitation=${made.body.code}`,
    });
    const patched = await house.call('PATCH', '/people/guest', { door, body: { role: 'admin' } });
    expect(patched.body.role).toBe('admin');
    expect(house.audited.at(-1)).toEqual({
      actor: 'local',
      action: 'person.role',
      subject: 'person:guest',
      outcome: 'ok',
      origin: 'control socket',
      detail: { from: 'guest', to: 'admin' },
    });
  });

  it('are added at the machine, the first owner too, which ends the set-up', async () => {
    const house = await openHouse();
    const door = 'socket';
    const body = { email: 'Ada@home.example', name: 'Ada', role: 'owner', password };
    const weak = { ...body, password: '1234567890' };
    expect((await house.call('POST', '/people', { door, body: weak })).body.field).toBe('password');
    const added = await house.call('POST', '/people', { door, body });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ email: 'ada@home.example', role: 'owner', state: 'active' });
    expect((await house.call('GET', '/setup')).body.needed).toBe(false);
    expect((await house.call('POST', '/people', { door, body })).status).toBe(409);
    const bearer = await bearerOf(house, 'ada@home.example');
    const sessions = await house.call('GET', `/people/${added.body.id}/sessions`, { door });
    expect(sessions.body.sessions).toMatchObject([{ method: 'password', current: false }]);
    await house.call('DELETE', `/people/${added.body.id}/sessions`, { door });
    expect((await house.call('GET', '/auth/me', { bearer })).status).toBe(401);
    const path = `/people/${added.body.id}/password`;
    const next = { new_password: 'seven quiet lamps' };
    expect((await house.call('PUT', path, { door, body: next })).status).toBe(204);
    const again = { email: body.email, password: next.new_password };
    expect((await house.call('POST', '/auth/login', { body: again })).status).toBe(200);
  });

  it('that run the home keep what lets them in from tokens, whatever those may', async () => {
    const house = await household();
    const bearer = house.auth.tokens.create({ name: 'ci', role: 'owner' }).token;
    const body = { new_password: 'seven quiet lamps' };
    for (const [method, path] of [
      ['PUT', 'password'],
      ['POST', 'reset-password'],
      ['DELETE', '2fa'],
    ] as const) {
      const asked = (whom: string) =>
        house.call(method, `/people/${whom}/${path}`, {
          bearer,
          ...(method === 'PUT' && { body }),
        });
      expect((await asked('olive')).status, path).toBe(403);
      expect((await asked('admin')).status, path).toBe(403);
      expect((await asked('guest')).status, path).not.toBe(403);
    }
  });

  it('are not half-changed when what was done cannot be written down', async () => {
    const house = await household();
    const bearer = await asRole(house, 'owner');
    const bob = await bearerOf(house, 'guest@home.example');
    house.audited.push = () => {
      throw new Error('the disk is full');
    };
    await expect(
      house.call('PATCH', '/people/guest', { bearer, body: { role: 'owner' } }),
    ).rejects.toThrow('the disk is full');
    expect(house.auth.people.get('guest')?.role).toBe('guest');
    expect(house.auth.callerOfBearer(bob)).toMatchObject({ role: 'guest' });
  });
});
