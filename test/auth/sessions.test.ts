import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  addOwner,
  type CallOptions,
  type House,
  openHouse,
  owner,
  startMs,
} from './house.ts';

const dayMs = 86_400_000;
const thirtyDaysMs = 30 * dayMs;

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
    expect(answer.body).toMatchObject({ token_type: 'bearer', expires_in: 1800 });
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
    expect(value).toMatch(isSecure ? /^__Host-hearth_session=.{40,}$/ : /^hearth_session=.{40,}$/);
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

  it('survives a restart of the hub, by cookie, access token and refresh token', async () => {
    const { house, answer, cookie, bearer } = await signedIn();
    const after = await house.restart();
    expect(await me(after, { headers: { cookie } })).toBe(200);
    expect(await me(after, { bearer })).toBe(200);
    const { refresh_token } = answer.body;
    expect((await after.call('POST', '/auth/refresh', { body: { refresh_token } })).status).toBe(
      200,
    );
  });

  it('does not start with a key file that opens nothing', async () => {
    const { house } = await signedIn();
    const key = `hearth-keys-v1\nabcd1234 ${'A'.repeat(43)}\n`;
    await writeFile(join(house.directory, 'hearth.key'), key);
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
    ['half a token', (bearer) => ({ bearer: bearer.split('.').slice(0, 2).join('.') })],
    [
      'a signature of its own',
      (bearer) => ({ bearer: `${bearer.split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}` }),
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
    const rows = house.db.prepare<[], Record<string, unknown>>('SELECT * FROM sessions').all();
    const known = rows.flatMap((row) => Object.values(row)).map(String);
    expect(known.length).toBeGreaterThan(5);
    for (const value of known.filter((text) => /^[\w.-]+$/.test(text))) {
      expect(bearer === value).toBe(false);
      expect(await me(house, { bearer: value })).toBe(401);
      expect(await me(house, { headers: { cookie: `hearth_session=${value}` } })).toBe(401);
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

  it('writes nothing when it is used, but when it was last, every ten minutes', async () => {
    const { house, cookie, bearer } = await signedIn();
    const changes = () => house.db.prepare('SELECT total_changes() AS n').get();
    const before = changes();
    for (let i = 0; i < 3; i++) {
      await house.auth.callerOf(new Headers({ authorization: `Bearer ${bearer}` }));
      await house.auth.callerOf(new Headers({ cookie }), { method: 'GET', isTls: false });
      house.clock.advance(6000);
    }
    expect(changes()).toEqual(before);
    house.clock.advance(600_000);
    const row = house.db
      .prepare<[], { at: number }>('SELECT last_used_at_ms AS at FROM sessions')
      .get();
    expect(row?.at).toBe(startMs + 12_000);
  });

  it('that nobody uses for thirty days is over, and tells so', async () => {
    const { house, cookie, answer } = await signedIn();
    const news: unknown[] = [];
    house.auth.onRevoked.listen((revocation) => news.push(revocation));
    house.clock.advance(thirtyDaysMs - 1);
    expect(await me(house, { headers: { cookie, origin: 'http://hub.local:8080' } })).toBe(200);
    const another = await signIn(house);
    house.clock.step(startMs + 3 * thirtyDaysMs);
    expect(await me(house, { headers: { cookie } })).toBe(401);
    expect(await me(house, { headers: { cookie: another.cookie } })).toBe(401);
    const { refresh_token } = answer.body;
    const refreshed = await house.call('POST', '/auth/refresh', { body: { refresh_token } });
    expect(refreshed.status).toBe(401);
    house.clock.advance(60_000);
    expect(news).toHaveLength(2);
    expect(news[0]).toMatchObject({ kind: 'session', name: owner.name });
    expect(house.db.prepare('SELECT count(*) AS n FROM sessions').get()).toEqual({ n: 0 });
  });

  it('lasts its full time again when the dashboard opens, once a day', async () => {
    const { house, cookie, bearer } = await signedIn();
    const renewed = async () =>
      (await house.call('GET', '/auth/me', { headers: { cookie } })).headers.getSetCookie();
    expect(await renewed()).toEqual([]);
    house.clock.advance(dayMs - 1);
    expect(await renewed()).toEqual([]);
    house.clock.advance(1);
    const [line] = await renewed();
    expect(line).toContain(cookie);
    expect(line).toContain('Max-Age=2592000');
    expect(await renewed()).toEqual([]);
    house.clock.advance(thirtyDaysMs - 1);
    expect(await me(house, { headers: { cookie } })).toBe(200);
    expect(await me(house, { bearer })).toBe(401);
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
    [
      'from a page of ours by its name alone',
      'POST',
      { origin: ours, 'sec-fetch-site': 'same-site' },
      403,
    ],
    [
      'to open a WebSocket from a page of the same name',
      'GET',
      { upgrade: 'websocket', origin: ours, 'sec-fetch-site': 'cross-site' },
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
      ...(method === 'GET' ? {} : { body: { name: 'ci', role: 'service' } }),
    });
    expect(status).toBe(expected);
  });

  it('over TLS has to come from a page that came over TLS, under a name that it alone can set', async () => {
    const { house } = await signedIn();
    const url = 'https://hub.local:8443';
    const { cookie } = await house.call('POST', '/auth/login', { body: owner, url });
    const send = async (origin: string, shown = cookie) => {
      const headers = { cookie: shown, origin };
      const { status } = await house.call('POST', '/auth/logout', { url, headers });
      return status;
    };
    expect(await send('http://hub.local:8443')).toBe(403);
    expect(await send(url, cookie.replace('__Host-', ''))).toBe(401);
    expect(await send(url, `hearth_session=evil; ${cookie}`)).toBe(204);
    const login = { body: owner, url, headers: { origin: 'http://hub.local:8443' } };
    expect((await house.call('POST', '/auth/login', login)).status).toBe(403);
  });

  it('takes the worst for granted when nobody says what the method is', async () => {
    const { house, cookie } = await signedIn();
    await expect(
      house.auth.callerOf(new Headers({ cookie }), { isTls: false }),
    ).rejects.toMatchObject({
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
