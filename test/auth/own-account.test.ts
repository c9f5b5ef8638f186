import { describe, expect, it } from 'vitest';
import type { AuthOptions, Mail } from '#auth';
import { addOwner, addPerson, type CallOptions, type House, openHouse, owner } from './house.ts';

const { email, password } = owner;
const next = 'seven quiet lamps';

const logIn = (house: House, change: Record<string, unknown> = {}, from?: string) =>
  house.call('POST', '/auth/login', {
    body: { email, password, ...change },
    ...(from !== undefined && { from }),
  });

async function signedIn(options: Partial<AuthOptions> = {}) {
  const house = await openHouse(undefined, options);
  addOwner(house);
  const answer = await logIn(house);
  return { house, bearer: String(answer.body.access_token), answer };
}

const me = async (house: House, options: CallOptions) =>
  (await house.call('GET', '/auth/me', options)).status;

describe('my account', () => {
  it('tells who I am, and takes another name', async () => {
    const { house, bearer } = await signedIn();
    const expected = { id: 'olive', name: 'Olive', email, role: 'owner', kind: 'person' };
    expect((await house.call('GET', '/auth/me', { bearer })).body).toEqual(expected);
    const patched = await house.call('PATCH', '/auth/me', { bearer, body: { name: 'Olivia' } });
    expect(patched.body).toEqual({ ...expected, name: 'Olivia' });
    expect((await house.call('GET', '/auth/me', { bearer })).body.name).toBe('Olivia');
    for (const body of [{}, { name: ' ' }, { name: 'a\nb' }, { name: 'Eve', role: 'owner' }]) {
      expect((await house.call('PATCH', '/auth/me', { bearer, body })).status).toBe(400);
    }
  });

  it('is none of a token’s or the machine’s', async () => {
    const { house } = await signedIn();
    const bearer = house.auth.tokens.create({ name: 'ci', role: 'owner' }).token;
    for (const [method, path, body] of [
      ['PATCH', '/auth/me', { name: 'Eve' }],
      ['POST', '/auth/password', { current_password: password, new_password: next }],
      ['GET', '/auth/sessions', undefined],
      ['DELETE', '/auth/sessions/1', undefined],
      ['GET', '/auth/2fa', undefined],
      ['POST', '/auth/2fa/totp', { password }],
    ] as const) {
      expect((await house.call(method, path, { bearer, body })).status, path).toBe(404);
      expect((await house.call(method, path, { door: 'socket', body })).status, path).toBe(404);
    }
  });

  it('shows where I am signed in, and ends one of them at once', async () => {
    const { house, bearer } = await signedIn();
    house.clock.advance(1000);
    const phone = await house.call('POST', '/auth/login', {
      body: { email, password },
      headers: { 'user-agent': 'Phone' },
      from: '192.168.1.30',
    });
    const { body } = await house.call('GET', '/auth/sessions', { bearer });
    const sessions = body.sessions as { id: string; user_agent: string; current: boolean }[];
    expect(sessions).toHaveLength(2);
    expect(sessions.find(({ current }) => !current)).toMatchObject({
      method: 'password',
      user_agent: 'Phone',
      address: '192.168.1.30',
    });
    const path = `/auth/sessions/${sessions.find(({ current }) => !current)?.id}`;
    const news: unknown[] = [];
    house.auth.onRevoked.listen((revocation) => news.push(revocation));
    expect((await house.call('DELETE', path, { bearer })).status).toBe(204);
    expect(await me(house, { bearer: String(phone.body.access_token) })).toBe(401);
    expect(await me(house, { headers: { cookie: phone.cookie } })).toBe(401);
    expect(await me(house, { bearer })).toBe(200);
    expect(news).toMatchObject([{ kind: 'session', name: 'Olive' }]);
    expect((await house.call('DELETE', path, { bearer })).status).toBe(404);
  });

  it('does not end somebody else’s session', async () => {
    const { house, bearer } = await signedIn();
    addPerson(house, { id: 'bob', name: 'Bob', email: 'bob@home.example', role: 'admin' });
    const bob = await logIn(house, { email: 'bob@home.example' });
    const theirs = house.auth.sessions.of('olive')[0]?.id;
    const answer = await house.call('DELETE', `/auth/sessions/${theirs}`, {
      bearer: String(bob.body.access_token),
    });
    expect(answer.status).toBe(404);
    expect(await me(house, { bearer })).toBe(200);
  });

  it('has fifty sessions at most; the one unused for longest goes', async () => {
    const { house, bearer } = await signedIn();
    house.db.pragma('synchronous = OFF');
    for (let i = 0; i < 49; i++) {
      house.clock.advance(1000);
      await logIn(house);
    }
    expect(await me(house, { bearer })).toBe(200);
    house.clock.advance(1000);
    const newest = await logIn(house);
    expect(house.auth.sessions.of('olive')).toHaveLength(50);
    expect(await me(house, { bearer: String(newest.body.access_token) })).toBe(200);
    expect(await me(house, { bearer })).toBe(200);
  });
});

describe('a new password', () => {
  const change = (house: House, bearer: string, body: object) =>
    house.call('POST', '/auth/password', { bearer, body });

  it('ends my other sessions, and not the one that I set it with', async () => {
    const { house, bearer } = await signedIn();
    const other = await logIn(house);
    const body = { current_password: password, new_password: next };
    expect((await change(house, bearer, body)).status).toBe(204);
    expect(await me(house, { bearer })).toBe(200);
    expect(await me(house, { bearer: String(other.body.access_token) })).toBe(401);
    expect((await logIn(house)).status).toBe(401);
    expect((await logIn(house, { password: next })).status).toBe(200);
    expect(house.audited).toContainEqual({
      actor: 'person:Olive',
      action: 'auth.password',
      subject: 'person:olive',
      outcome: 'ok',
      origin: '',
      detail: { by: 'change' },
    });
  });

  it.each([
    [
      'the wrong one before',
      { current_password: 'wrong', new_password: next },
      403,
      'current_password',
    ],
    ['a weak one', { current_password: password, new_password: '1234567890' }, 400, 'new_password'],
    ['my email', { current_password: password, new_password: email }, 400, 'new_password'],
  ])('is refused with %s', async (_what, body, status, field) => {
    const { house, bearer } = await signedIn();
    const answer = await change(house, bearer, body);
    expect([answer.status, answer.body.field]).toEqual([status, field]);
    expect((await logIn(house)).status).toBe(200);
  });

  it('is not how a found browser guesses the old one', async () => {
    const { house, bearer } = await signedIn();
    const body = { current_password: 'wrong', new_password: next };
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) statuses.push((await change(house, bearer, body)).status);
    expect(statuses.filter((status) => status === 403)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('a code for a new password', () => {
  const offer = (house: House, id = 'olive') =>
    house.call('POST', `/people/${id}/reset-password`, { door: 'socket' });
  const use = (house: House, code: unknown, new_password = next) =>
    house.call('POST', '/auth/password/reset', { body: { code, new_password } });

  it('sets one, once, and ends every session', async () => {
    const { house, bearer } = await signedIn();
    const offered = await offer(house);
    expect(offered.status).toBe(201);
    expect(await me(house, { bearer })).toBe(200);
    expect((await logIn(house)).status).toBe(200);
    const { code } = offered.body;
    expect((await use(house, String(code).toUpperCase())).status).toBe(204);
    expect(await me(house, { bearer })).toBe(401);
    expect((await logIn(house, { password: next })).status).toBe(200);
    expect((await use(house, code, 'another quiet lamp')).status).toBe(403);
  });

  it.each<[string, (house: House) => unknown]>([
    ['a day has passed', (house) => house.clock.advance(86_400_000)],
    ['there is a newer one', (house) => offer(house)],
    [
      'the person was removed',
      (house) => house.db.prepare(`DELETE FROM people WHERE id = 'olive'`).run(),
    ],
  ])('is void once %s', async (_what, happen) => {
    const { house } = await signedIn();
    const { body } = await offer(house);
    await happen(house);
    const answer = await use(house, body.code);
    expect([answer.status, answer.body.field]).toEqual([403, 'code']);
  });

  it('stays good when the new password is weak', async () => {
    const { house } = await signedIn();
    const { body } = await offer(house);
    expect((await use(house, body.code, '1234567890')).body.field).toBe('new_password');
    expect((await use(house, body.code)).status).toBe(204);
  });

  it('sets one for somebody who had none', async () => {
    const house = await openHouse();
    addOwner(house);
    const invited = house.auth.invitations.create({ role: 'guest' }, 'local');
    const origin = { remoteAddress: '192.168.1.9', userAgent: '' };
    const person = house.auth.join(
      { invitation: invited.code, email: 'pia@home.example', name: 'Pia' },
      origin,
    );
    expect(person.hasPassword).toBe(false);
    const before = await logIn(house, { email: 'pia@home.example' });
    expect([before.status, before.body.message]).toEqual([
      401,
      'the email or the password is wrong',
    ]);
    await use(house, (await offer(house, person.id)).body.code);
    expect((await logIn(house, { email: 'pia@home.example', password: next })).status).toBe(200);
  });

  it('comes by mail, where there is mail, and nobody learns who has an account', async () => {
    const sent: string[][] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const mail: Mail = {
      send: async (...message) => {
        sent.push(message);
        resolve();
      },
    };
    const { house } = await signedIn({ mail });
    const forgot = (address: string, from?: string) =>
      house.call('POST', '/auth/password/forgot', {
        body: { email: address },
        ...(from !== undefined && { from }),
      });
    const unknown = await forgot('nobody@home.example');
    const known = await forgot('Owner@home.example');
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
    expect(known.status).toBe(202);
    await promise;
    expect(sent).toHaveLength(1);
    const [to, subject, text = ''] = sent[0] ?? [];
    expect([to, subject]).toEqual([email, 'A new password for Elm Street 7']);
    const code = /(?:[0-9a-z]{4}-){3}[0-9a-z]{4}/.exec(text)?.[0];
    expect((await use(house, code)).status).toBe(204);
    // From however many addresses: a mailbox is not filled.
    for (let i = 0; i < 6; i++) await forgot(email, `10.0.0.${i}`);
    await new Promise((done) => setImmediate(done));
    expect(sent.length).toBeLessThanOrEqual(3);
    expect((await forgot('x@home.example')).status).toBe(202);
    expect((await forgot('x@home.example')).status).toBe(429);
  });

  it('is not asked for in vain, nor told of, where there is no mail', async () => {
    const { house } = await signedIn();
    const body = { email };
    expect((await house.call('POST', '/auth/password/forgot', { body })).status).toBe(202);
    await new Promise((done) => setImmediate(done));
    expect(house.db.prepare('SELECT count(*) AS n FROM password_resets').get()).toEqual({ n: 0 });
  });
});

describe('a sign-in as OAuth programs do it', () => {
  it('takes a form, and answers as any other', async () => {
    const { house } = await signedIn();
    const form = { grant_type: 'password', username: email, password };
    const answer = await house.call('POST', '/auth/token', { form });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ token_type: 'bearer', expires_in: 1800 });
    expect(await me(house, { bearer: String(answer.body.access_token) })).toBe(200);
    const wrong = await house.call('POST', '/auth/token', { form: { ...form, password: 'x' } });
    expect(wrong.status).toBe(401);
    const other = { ...form, grant_type: 'client_credentials' };
    expect((await house.call('POST', '/auth/token', { form: other })).status).toBe(400);
  });
});

describe('a new password that is on its way', () => {
  const origin = { remoteAddress: '192.168.1.9', userAgent: '' };

  async function begin() {
    const { house } = await signedIn();
    const { ownAccount, people, sessions } = house.auth;
    const person = people.byEmail(email);
    const [session] = sessions.of('olive');
    if (!person || !session) throw new Error('nobody is signed in');
    const words = { current: password, next, sessionId: session.id };
    // The current one is looked up at once; what follows here happens while it is hashed.
    return { house, person, changing: ownAccount.changePassword(person, words, origin) };
  }

  it('comes to nothing when another one is set meanwhile', async () => {
    const { house, person, changing } = await begin();
    house.auth.people.setPasswordHash(person, 'scrypt$2$1$1$AA$AA');
    await expect(changing).rejects.toMatchObject({ code: 'conflict' });
    expect(house.auth.people.passwordHashOf('olive')).toBe('scrypt$2$1$1$AA$AA');
  });

  it('comes to nothing when its session is ended meanwhile', async () => {
    const { house, changing } = await begin();
    house.auth.sessions.endAllOf('olive');
    await expect(changing).rejects.toMatchObject({ code: 'conflict' });
    expect((await logIn(house)).status).toBe(200);
  });
});

describe('a thousand wrong log-ins', () => {
  it('are limited; the right one works after the wait, and the machine’s owner at once', async () => {
    const { house } = await signedIn();
    const statuses: number[] = [];
    for (let i = 0; i < 1000; i++) {
      statuses.push((await logIn(house, { password: `wrong ${i}` }, `10.0.0.${i % 250}`)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect((await logIn(house, {}, '10.0.1.1')).status).toBe(429);
    expect((await house.call('GET', '/people', { door: 'socket' })).status).toBe(200);
    const local = await house.call('POST', '/auth/login', {
      body: { email, password },
      door: 'socket',
    });
    expect(local.status).toBe(200);
    const offered = await house.call('POST', '/people/olive/reset-password', { door: 'socket' });
    const reset = await house.call('POST', '/auth/password/reset', {
      body: { code: offered.body.code, new_password: next },
      door: 'socket',
    });
    expect(reset.status).toBe(204);
    house.clock.advance(60_000);
    expect((await logIn(house, { password: next }, '192.168.1.99')).status).toBe(200);
    // What was refused for being too much is not written down a thousand times.
    const refused = house.audited.filter(({ outcome }) => outcome === 'refused');
    expect(refused).toHaveLength(10);
  });
});

it('takes as long to register with a bad invitation as with a good one', async () => {
  const { house } = await signedIn();
  const { code } = house.auth.invitations.create({ role: 'guest' }, 'local');
  const timed = async (invitation: string) => {
    const beganMs = performance.now();
    const body = { email: 'pia@home.example', password: next, name: 'Pia', invitation };
    const { status } = await house.call('POST', '/auth/register', { body });
    return { status, tookMs: performance.now() - beganMs };
  };
  const bad = await timed('zzzz-zzzz-zzzz-zzzz');
  const good = await timed(code);
  expect([bad.status, good.status]).toEqual([403, 201]);
  // Without the slow hash it is a hundred times faster; the machine may be busy.
  expect(bad.tookMs).toBeGreaterThan(good.tookMs / 5);
});
