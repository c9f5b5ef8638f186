import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Answer, addOwner, type CallOptions, type House, openHouse, owner } from './house.ts';

const signIn = (house: House, change: Record<string, unknown> = {}, from = '192.168.1.20') =>
  house.call('POST', '/auth/login', {
    body: { email: owner.email, password: owner.password, ...change },
    from,
  });

const me = async (house: House, options: CallOptions) =>
  (await house.call('GET', '/auth/me', options)).status;

/** A house with an owner who has just signed in. */
async function signedIn(): Promise<{
  house: House;
  cookie: string;
  bearer: string;
  answer: Answer;
}> {
  const house = await openHouse();
  addOwner(house);
  const answer = await signIn(house);
  return { house, answer, cookie: answer.cookie, bearer: String(answer.body.access_token) };
}

describe('signing in', () => {
  it('answers with a cookie for browsers and a Bearer for programs, both of one session', async () => {
    const { house, answer, cookie, bearer } = await signedIn();
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ token_type: 'bearer', expires_in: 2_592_000 });
    expect(await me(house, { headers: { cookie } })).toBe(200);
    expect(await me(house, { bearer })).toBe(200);
    await house.call('POST', '/auth/logout', { bearer });
    expect(await me(house, { bearer })).toBe(401);
    expect(await me(house, { headers: { cookie } })).toBe(401);
  });

  it.each([
    ['http://localhost:8080', false],
    ['https://hub.local:8443', true],
  ])('sets a cookie that no script and no other site can use, over %s', async (url, isSecure) => {
    const { house } = await signedIn();
    const { headers } = await house.call('POST', '/auth/login', { body: owner, url });
    const cookies = headers.getSetCookie();
    expect(cookies).toHaveLength(1);
    const [value, ...attributes] = (cookies[0] ?? '').split('; ');
    expect(value).toMatch(/^hearth_session=.{40,}$/);
    expect(new Set(attributes)).toEqual(
      new Set([
        'Max-Age=2592000',
        'Path=/',
        'HttpOnly',
        'SameSite=Strict',
        ...(isSecure ? ['Secure'] : []),
      ]),
    );
  });

  it('does not mind the case of the email', async () => {
    const { house } = await signedIn();
    expect((await signIn(house, { email: 'Owner@HOME.example' })).status).toBe(200);
  });

  it('answers the same, after as long, for an unknown email as for a wrong password', async () => {
    const house = await openHouse();
    await house.setUp();
    const timed = async (change: Record<string, unknown>) => {
      const startMs = performance.now();
      const answer = await signIn(house, change);
      return { ...answer, tookMs: performance.now() - startMs };
    };
    const wrong = await timed({ password: 'plum kettle orbit 8' });
    const unknown = await timed({ email: 'nobody@home.example' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.body).toEqual(wrong.body);
    expect(unknown.cookie + wrong.cookie).toBe('');
    // Without the slow hash it is a hundred times faster; the machine may be busy.
    expect(unknown.tookMs).toBeGreaterThan(wrong.tookMs / 5);
  });

  it('survives a restart of the hub, and not the loss of its secret', async () => {
    const { house, cookie } = await signedIn();
    const path = join(house.directory, 'secret.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const after = await house.restart();
    expect(await me(after, { headers: { cookie } })).toBe(200);
    await writeFile(path, `${'A'.repeat(43)}\n`);
    expect(await me(await house.restart(), { headers: { cookie } })).toBe(401);
    await writeFile(path, 'short');
    await expect(house.restart()).rejects.toMatchObject({ code: 'data_directory' });
  });
});

describe('guessing', () => {
  it('has to wait after ten wrong passwords, and says for how long', async () => {
    const { house } = await signedIn();
    const wrong = { password: 'not the password' };
    const first = await Promise.all(Array.from({ length: 14 }, () => signIn(house, wrong)));
    const statuses = first.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    const blocked = await signIn(house);
    expect([blocked.status, blocked.headers.get('retry-after')]).toEqual([429, '60']);
    house.clock.advance(60_000);
    expect((await signIn(house)).status).toBe(200);
  });

  it('is counted by account too, from however many addresses it comes', async () => {
    const { house } = await signedIn();
    for (let i = 0; i < 10; i++) {
      await signIn(house, { password: 'not the password' }, `192.168.1.${i}`);
    }
    expect((await signIn(house, {}, '192.168.1.99')).status).toBe(429);
    const other = await signIn(house, { email: 'other@home.example' }, '192.168.1.99');
    expect(other.status).toBe(401);
  });
});

describe('a session', () => {
  it.each<[string, (bearer: string) => CallOptions]>([
    ['nothing', () => ({})],
    ['an empty cookie', () => ({ headers: { cookie: 'hearth_session=' } })],
    ['half a token', (bearer) => ({ bearer: bearer.split('.')[0] ?? '' })],
    [
      'a signature of its own',
      (bearer) => ({ bearer: `${bearer.split('.')[0]}.${'A'.repeat(43)}=` }),
    ],
    ['somebody else’s token', (bearer) => ({ bearer: `x${bearer}` })],
    ['an endless token', (bearer) => ({ bearer: `${bearer}${'A'.repeat(5000)}` })],
    ['another scheme', (bearer) => ({ headers: { authorization: `Basic ${bearer}` } })],
    ['no scheme', (bearer) => ({ headers: { authorization: bearer } })],
  ])('is not had with %s', async (_what, options) => {
    const { house, bearer } = await signedIn();
    expect(await me(house, { bearer })).toBe(200);
    expect(await me(house, options(bearer))).toBe(401);
  });

  it('is not had with what the database knows of it', async () => {
    const { house, bearer } = await signedIn();
    const rows = house.db.prepare<[], { token: string }>('SELECT token FROM sessions').all();
    expect(rows.length).toBeGreaterThan(0);
    for (const { token } of rows) {
      expect(bearer === token).toBe(false);
      expect(await me(house, { bearer: token })).toBe(401);
      expect(await me(house, { headers: { cookie: `hearth_session=${token}` } })).toBe(401);
    }
  });

  it('is judged by the Bearer alone when a request shows both', async () => {
    const { house, cookie } = await signedIn();
    expect(await me(house, { headers: { cookie }, bearer: 'hearth_nonsense' })).toBe(401);
  });

  it('is not had with an API token in the cookie', async () => {
    const { house } = await signedIn();
    const { token } = house.auth.tokens.create({ name: 'ci', role: 'admin' });
    expect(await me(house, { bearer: token })).toBe(200);
    expect(await me(house, { headers: { cookie: `hearth_session=${token}` } })).toBe(401);
  });

  it('writes nothing when it is used', async () => {
    const { house, cookie, bearer } = await signedIn();
    // Old enough to be renewed, which would be a write.
    house.db
      .prepare('UPDATE sessions SET expires_at = ?')
      .run(new Date(Date.now() + 86_400_000).toISOString());
    const changes = () => house.db.prepare('SELECT total_changes() AS n').get();
    const before = changes();
    for (let i = 0; i < 3; i++) {
      await house.auth.callerOf(new Headers({ authorization: `Bearer ${bearer}` }));
      await house.auth.callerOf(new Headers({ cookie }), { method: 'GET' });
      house.clock.advance(6000);
    }
    expect(changes()).toEqual(before);
  });

  it('ended in the database is over within five seconds', async () => {
    const { house, bearer } = await signedIn();
    expect(await me(house, { bearer })).toBe(200);
    house.db.prepare('DELETE FROM sessions').run();
    house.clock.advance(5000);
    expect(await me(house, { bearer })).toBe(401);
  });

  it('that has expired is over, and is cleared away at the next start', async () => {
    const { house, bearer } = await signedIn();
    house.db.prepare('UPDATE sessions SET expires_at = ?').run('2026-02-01T00:00:00.000Z');
    house.clock.advance(5000);
    expect(await me(house, { bearer })).toBe(401);
    const after = await house.restart();
    expect(after.db.prepare('SELECT count(*) AS n FROM sessions').get()).toEqual({ n: 0 });
  });

  it('lasts its full time again when the dashboard opens, once a day', async () => {
    const { house, cookie, bearer } = await signedIn();
    const renewed = () => house.call('GET', '/auth/me', { headers: { cookie } });
    expect((await renewed()).headers.getSetCookie()).toEqual([]);
    const inTenDays = new Date(Date.now() + 10 * 86_400_000).toISOString();
    house.db.prepare('UPDATE sessions SET expires_at = ?').run(inTenDays);
    expect((await house.call('GET', '/auth/me', { bearer })).headers.getSetCookie()).toEqual([]);
    house.db.prepare('UPDATE sessions SET expires_at = ?').run(inTenDays);
    expect((await renewed()).headers.getSetCookie()[0]).toContain('Max-Age=2592000');
    const row = house.db
      .prepare<[], { end: string }>('SELECT max(expires_at) AS end FROM sessions')
      .get();
    expect(Date.parse(row?.end ?? '') - Date.now()).toBeGreaterThan(29 * 86_400_000);
  });

  it('ends with a sign-out, which makes the browser forget it', async () => {
    const { house, cookie } = await signedIn();
    const { status, headers } = await house.call('POST', '/auth/logout', {
      headers: { cookie, origin: 'http://hub.local:8080' },
    });
    expect(status).toBe(204);
    expect(headers.getSetCookie().join()).toContain('hearth_session=; Max-Age=0');
    expect(await me(house, { headers: { cookie } })).toBe(401);
  });

  it('ends with a new password', async () => {
    const { house, cookie } = await signedIn();
    await house.auth.resetPassword('OWNER@home.example', 'seven quiet lamps');
    expect(await me(house, { headers: { cookie } })).toBe(401);
    expect((await signIn(house)).status).toBe(401);
    expect((await signIn(house, { password: 'seven quiet lamps' })).status).toBe(200);
    await expect(
      house.auth.resetPassword('nobody@home.example', 'seven quiet lamps'),
    ).rejects.toMatchObject({ code: 'not_found' });
    await expect(house.auth.resetPassword(owner.email, 'short')).rejects.toMatchObject({
      field: 'password',
    });
  });
});

describe('a cookie that changes something', () => {
  const ours = 'http://hub.local:8080';
  it.each<[string, string, Record<string, string>, number]>([
    ['from our own page', 'POST', { origin: ours }, 201],
    ['from our own page, said otherwise', 'POST', { 'sec-fetch-site': 'same-origin' }, 201],
    ['from nowhere', 'POST', {}, 403],
    ['from another site', 'POST', { origin: 'http://evil.example' }, 403],
    ['from another program on this machine', 'POST', { origin: 'http://hub.local:1880' }, 403],
    ['from a page without an origin', 'POST', { origin: 'null' }, 403],
    [
      'from another site that lies about the rest',
      'POST',
      { origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
      403,
    ],
    ['from a page of the same site', 'POST', { 'sec-fetch-site': 'same-site' }, 403],
    ['from a link', 'POST', { 'sec-fetch-site': 'cross-site' }, 403],
    ['only to read', 'GET', { origin: 'http://evil.example' }, 200],
    ['only to read, from nowhere', 'GET', {}, 200],
    [
      'to open a WebSocket from elsewhere',
      'GET',
      { upgrade: 'websocket', origin: 'http://evil.example' },
      403,
    ],
    ['to open a WebSocket from our page', 'GET', { upgrade: 'websocket', origin: ours }, 200],
  ])('%s: %s %o gives %i', async (_what, method, headers, expected) => {
    const { house, cookie } = await signedIn();
    const { status } = await house.call(method, '/tokens', {
      headers: { cookie, ...headers },
      ...(method === 'GET' ? {} : { body: { name: 'ci', role: 'guest' } }),
    });
    expect(status).toBe(expected);
  });

  it('takes the worst for granted when nobody says what the method is', async () => {
    const { house, cookie } = await signedIn();
    await expect(house.auth.callerOf(new Headers({ cookie }))).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('is not needed for signing in, which another site may not do either', async () => {
    const { house } = await signedIn();
    const from = (origin: string) =>
      house.call('POST', '/auth/login', { body: owner, headers: { origin } });
    expect((await from('http://evil.example')).status).toBe(403);
    expect((await from(ours)).status).toBe(200);
  });
});

it('keeps neither passwords nor tokens nor the setup code where they could be read', async () => {
  const house = await openHouse();
  const code = house.auth.setupCode() ?? '';
  await house.setUp();
  const answer = await signIn(house);
  await signIn(house, { password: 'a wrong password of mine' });
  const bearer = String(answer.body.access_token);
  const { token } = house.auth.tokens.create({ name: 'ci', role: 'admin' });
  const { password } = await house.auth.credentials.add({ name: 'nodered', role: 'service' });
  await house.auth.credentials.verify('nodered', password);
  await house.call('GET', '/auth/me', { bearer: token });
  await house.auth.resetPassword(owner.email, 'seven quiet lamps');
  house.clock.advance(60_000);
  await house.auth.stop();

  const files = ['hearth.db', 'hearth.db-wal'].map((name) => join(house.directory, name));
  const database = Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
  expect(database.includes('nodered')).toBe(true);
  expect(house.logged()).toContain('a sign-in was refused');
  for (const secret of [
    owner.password,
    'a wrong password of mine',
    'seven quiet lamps',
    bearer,
    bearer.split('.')[1] ?? '',
    token,
    password,
    code,
  ]) {
    expect(database.includes(secret), `${secret} in the database`).toBe(false);
    expect(house.logged().includes(secret), `${secret} in the log`).toBe(false);
  }
});
