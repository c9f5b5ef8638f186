import { describe, expect, it } from 'vitest';
import type { OidcSettings } from '#auth';
import { type Bend, type BentProvider, client, startBentProvider } from './bent-provider.ts';
import { type Entrance, openEntrance, page, password, type Somebody } from './entrance.ts';

const minuteMs = 60_000;

interface Scene extends Entrance {
  readonly provider: BentProvider;
}

async function openScene(
  settings: Partial<OidcSettings> = {},
  spell = (issuer: string) => issuer,
): Promise<Scene> {
  const provider = await startBentProvider();
  const entrance = await openEntrance({
    issuer: spell(provider.issuer),
    clientId: client.id,
    clientSecret: client.secret,
    name: 'Elm ID',
    linkByEmail: false,
    ...settings,
  });
  return { ...entrance, provider };
}

interface Departure {
  readonly url: string;
  readonly cookie: string;
}

/** Leaves for the provider by `/auth/oidc/login`. */
async function leave({ ask }: Scene, query = ''): Promise<Departure> {
  const { status, headers } = await ask('GET', `/auth/oidc/login${query}`);
  expect(status).toBe(303);
  return { url: headers.get('location') ?? '', cookie: cookieIn(headers) };
}

const cookieIn = (headers: Headers): string => headers.getSetCookie()[0]?.split(';')[0] ?? '';

/** Comes back; returns where the browser is sent, and whether it is signed in then. */
async function arrive({ ask }: Scene, back: URL, cookie: string) {
  const path = `${back.pathname.replace('/api/v1', '')}${back.search}`;
  const { status, headers } = await ask('GET', path, { cookie });
  const isSignedIn = headers
    .getSetCookie()
    .some((line) => /^__Host-hearth_session=[\w-]/.test(line));
  return { status, to: headers.get('location'), isSignedIn };
}

/** There and back again. */
async function signIn(scene: Scene, bend: Bend = {}, query = '') {
  scene.provider.bend = bend;
  const { url, cookie } = await leave(scene, query);
  return arrive(scene, scene.provider.visit(url), cookie);
}

/** Links the account that the provider shows to somebody. */
async function link(scene: Scene, { token }: Somebody, bend: Bend = {}) {
  scene.provider.bend = bend;
  const begun = await scene.ask('POST', '/auth/oidc/link', { as: token, body: {} });
  expect(begun.status).toBe(200);
  return arrive(scene, scene.provider.visit(begun.body.url), cookieIn(begun.headers));
}

const problem = (code: string) => ({
  status: 303,
  to: `/#/sign-in?problem=${code}`,
  isSignedIn: false,
});
const home = { status: 303, to: '/', isSignedIn: true };
const linked = { status: 303, to: '/#/account?linked=oidc', isSignedIn: false };
const verified = { email: 'ada@home.example', email_verified: true };

describe('a sign-in by the provider', () => {
  it('goes there with PKCE, state and nonce, and back to the host it was begun on', async () => {
    const scene = await openScene();
    const { url, cookie } = await leave(scene);
    const asked = new URL(url).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      client_id: client.id,
      scope: 'openid email profile',
      redirect_uri: `${page}/api/v1/auth/oidc/callback`,
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(asked.get(name)).toMatch(/^[\w-]{43}$/);
    }
    expect(cookie).toMatch(/^hearth_oidc=[\w-]{43}$/);
    const { headers } = await scene.ask('GET', '/auth/oidc/login');
    expect(headers.getSetCookie()[0]).toMatch(
      /Max-Age=600; Path=\/api\/v1\/auth\/oidc; HttpOnly; SameSite=Lax; Secure$/,
    );
    const foreign = await scene.ask('GET', '/auth/oidc/login', { at: 'https://hub.local:9999' });
    expect(foreign.status).toBe(403);
    const elsewhere = await scene.ask('GET', '/auth/oidc/login', { at: 'http://localhost:8080' });
    const location = new URL(elsewhere.headers.get('location') ?? '');
    expect(location.searchParams.get('redirect_uri')).toBe(
      'http://localhost:8080/api/v1/auth/oidc/callback',
    );
  });

  it('signs in whoever has linked the account, and writes it down', async () => {
    const scene = await openScene();
    const ada = await scene.somebody('Ada');
    expect(await link(scene, ada)).toEqual(linked);
    expect(await signIn(scene)).toEqual(home);
    expect(scene.written('auth.login')[0]).toMatchObject({
      actor: 'person:Ada',
      outcome: 'ok',
      detail: { method: 'oidc' },
    });
    expect(scene.written('auth.oidc')).toMatchObject([
      { actor: 'person:Ada', detail: { change: 'linked', issuer: `${scene.provider.issuer}/` } },
    ]);
    const state = await scene.ask('GET', '/auth/oidc', { as: ada.token });
    expect(state.body).toMatchObject({
      provider: { name: 'Elm ID' },
      link: { email: null, last_used_at: '2026-03-01T00:00:00.000Z' },
    });
  });

  it('proves the code with what only the hub knows', async () => {
    const scene = await openScene();
    const { url, cookie } = await leave(scene);
    const back = scene.provider.visit(url);
    await arrive(scene, back, cookie);
    expect(scene.provider.asked[0]?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
    // A code that was asked for elsewhere, put into an answer of here.
    const mine = await leave(scene);
    const theirs = await leave(scene);
    const mixed = scene.provider.visit(mine.url);
    const code = scene.provider.visit(theirs.url).searchParams.get('code') ?? '';
    mixed.searchParams.set('code', code);
    expect(await arrive(scene, mixed, mine.cookie)).toEqual(problem('not_verified'));
  });

  const nowSeconds = () => Math.floor(Date.now() / 1000);

  it.each<[string, () => Bend, string]>([
    ['another issuer', () => ({ claims: { iss: 'https://elsewhere.example' } }), 'not_verified'],
    ['another audience', () => ({ claims: { aud: 'another client' } }), 'not_verified'],
    ['another nonce', () => ({ claims: { nonce: 'A'.repeat(43) } }), 'not_verified'],
    ['no nonce', () => ({ claims: { nonce: undefined } }), 'not_verified'],
    ['a forged signature', () => ({ isForged: true }), 'not_verified'],
    ['no signature', () => ({ isUnsigned: true }), 'not_verified'],
    ['no subject', () => ({ claims: { sub: undefined } }), 'not_verified'],
    ['an end five minutes ago', () => ({ claims: { exp: nowSeconds() - 300 } }), 'clock'],
    ['a start in five minutes', () => ({ claims: { nbf: nowSeconds() + 300 } }), 'clock'],
  ])('is refused for %s', async (_, bend, code) => {
    const scene = await openScene();
    await link(scene, await scene.somebody('Ada'));
    expect(await signIn(scene, bend())).toEqual(problem(code));
    expect(scene.written('auth.oidc')[0]).toMatchObject({
      actor: 'nobody',
      outcome: 'refused',
      detail: { problem: code },
    });
  });

  it.each<[string, () => Bend]>([
    ['behind', () => ({ claims: { exp: nowSeconds() - 45 } })],
    ['ahead', () => ({ claims: { nbf: nowSeconds() + 45, iat: nowSeconds() + 45 } })],
  ])('bears with a clock that is %s by less than a minute', async (_, bend) => {
    const scene = await openScene();
    await link(scene, await scene.somebody('Ada'));
    expect(await signIn(scene, bend())).toEqual(home);
  });

  it('is good once', async () => {
    const scene = await openScene();
    await link(scene, await scene.somebody('Ada'));
    const { url, cookie } = await leave(scene);
    const back = scene.provider.visit(url);
    expect(await arrive(scene, back, cookie)).toEqual(home);
    expect(await arrive(scene, scene.provider.visit(url), cookie)).toEqual(problem('expired'));
  });

  it('ends where it began: in the same browser, within ten minutes', async () => {
    const scene = await openScene();
    await link(scene, await scene.somebody('Ada'));
    const mine = await leave(scene);
    const theirs = await leave(scene);
    const back = scene.provider.visit(mine.url);
    expect(await arrive(scene, back, theirs.cookie)).toEqual(problem('expired'));
    expect(await arrive(scene, back, mine.cookie)).toEqual(problem('expired'));
    const without = await leave(scene);
    expect(await arrive(scene, scene.provider.visit(without.url), '')).toEqual(problem('expired'));
    const late = await leave(scene);
    scene.clock.advance(10 * minuteMs);
    const lateBack = scene.provider.visit(late.url);
    expect(await arrive(scene, lateBack, late.cookie)).toEqual(problem('expired'));
    const made = new URL(`${page}/api/v1/auth/oidc/callback?code=x&state=y`);
    expect(await arrive(scene, made, late.cookie)).toEqual(problem('expired'));
  });

  it('comes to nothing when the person says no at the provider', async () => {
    const scene = await openScene();
    const { url, cookie } = await leave(scene);
    const back = scene.provider.visit(url);
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
    expect(await arrive(scene, back, cookie)).toEqual(problem('declined'));
  });

  it('comes to nothing when the provider is away, and works once it is back', async () => {
    const scene = await openScene({ issuer: 'http://127.0.0.1:1' });
    const { status, headers } = await scene.ask('GET', '/auth/oidc/login');
    expect([status, headers.get('location')]).toEqual([303, '/#/sign-in?problem=unreachable']);
    const { token } = await scene.somebody('Ada');
    const begun = await scene.ask('POST', '/auth/oidc/link', { as: token, body: {} });
    expect(begun.status).toBe(503);

    const other = await openScene();
    const { url, cookie } = await leave(other);
    await other.provider.stop();
    const back = other.provider.visit(url);
    expect(await arrive(other, back, cookie)).toEqual(problem('unreachable'));
  });

  it('is not made in the clear to another machine', async () => {
    const { issuer } = await startBentProvider('127.0.0.2');
    const scene = await openScene({ issuer });
    const { headers } = await scene.ask('GET', '/auth/oidc/login');
    expect(headers.get('location')).toBe('/#/sign-in?problem=unreachable');
  });

  it('is tried again and again only with a wait', async () => {
    const scene = await openScene();
    const made = new URL(`${page}/api/v1/auth/oidc/callback?code=x&state=y`);
    for (let round = 0; round < 10; round += 1) {
      expect(await arrive(scene, made, '')).toEqual(problem('expired'));
    }
    expect(await arrive(scene, made, '')).toEqual(problem('too_many'));
    expect(scene.written('auth.oidc')).toEqual([]);
  });

  it('is not offered where no provider is set up', async () => {
    const { ask, somebody } = await openEntrance();
    expect((await ask('GET', '/auth/oidc')).body).toEqual({ provider: null, link: null });
    const { headers } = await ask('GET', '/auth/oidc/login');
    expect(headers.get('location')).toBe('/#/sign-in?problem=not_set_up');
    const { token } = await somebody('Ada');
    expect((await ask('POST', '/auth/oidc/link', { as: token, body: {} })).status).toBe(404);
  });
});

describe('an account that nobody has linked', () => {
  it('signs nobody in, whatever its e-mail address, unless the owner allows that', async () => {
    const scene = await openScene();
    await scene.somebody('Ada');
    expect(await signIn(scene, { claims: verified })).toEqual(problem('not_linked'));
  });

  it('signs in who has its verified e-mail address, where the owner allows that', async () => {
    const scene = await openScene({ linkByEmail: true });
    await scene.somebody('Ada');
    const unverified = { ...verified, email_verified: false };
    expect(await signIn(scene, { claims: unverified })).toEqual(problem('email_not_verified'));
    expect(await signIn(scene)).toEqual(problem('email_not_verified'));
    const stranger = { ...verified, email: 'eve@home.example' };
    expect(await signIn(scene, { claims: stranger })).toEqual(problem('not_linked'));
    // The address as it is spelled elsewhere, and from where many providers keep it.
    const shouted = { ...verified, email: 'ADA@Home.Example' };
    expect(await signIn(scene, { userInfo: shouted })).toEqual(home);
    // Known by the subject from now on.
    expect(await signIn(scene, { claims: { email: 'new@home.example' } })).toEqual(home);
  });

  it('does not take over by an e-mail address that has passed to it', async () => {
    const scene = await openScene({ linkByEmail: true });
    await scene.somebody('Ada');
    expect(await signIn(scene, { claims: verified })).toEqual(home);
    const next = { ...verified, sub: 'somebody-new' };
    expect(await signIn(scene, { claims: next })).toEqual(problem('not_linked'));
  });

  it('joins the home with an invitation, once', async () => {
    const scene = await openScene();
    const { code } = scene.auth.invitations.create({ role: 'guest' }, 'local');
    const query = `?invitation=${encodeURIComponent(code)}`;
    const bob = { email: 'bob@home.example', email_verified: true, name: 'Bob\n B.', sub: 'bob' };
    const unverified = { ...bob, email_verified: false };
    expect(await signIn(scene, { claims: unverified }, query)).toEqual(
      problem('email_not_verified'),
    );
    expect(await signIn(scene, { claims: bob }, query)).toEqual(home);
    expect(scene.auth.people.byEmail(bob.email)).toMatchObject({
      name: 'Bob  B.',
      role: 'guest',
      hasPassword: false,
    });
    expect(await signIn(scene, { claims: bob })).toEqual(home);
    const eve = { ...bob, email: 'eve@home.example', sub: 'eve' };
    expect(await signIn(scene, { claims: eve }, query)).toEqual(problem('invitation'));
    expect(await signIn(scene, { claims: eve })).toEqual(problem('not_linked'));
  });

  it('does not become somebody who is here already, by an invitation', async () => {
    const scene = await openScene();
    await scene.somebody('Ada');
    const { code } = scene.auth.invitations.create({ role: 'admin' }, 'local');
    const query = `?invitation=${encodeURIComponent(code)}`;
    expect(await signIn(scene, { claims: verified }, query)).toEqual(problem('email_taken'));
    expect(scene.auth.invitations.list()).toHaveLength(1);
  });
});

describe('a linked account', () => {
  it.each(['', '/'])('is found when the owner ends the address with “%s”', async (end) => {
    const scene = await openScene({}, (issuer) => `${issuer}${end}`);
    const ada = await scene.somebody('Ada');
    expect(await link(scene, ada)).toEqual(linked);
    expect(await signIn(scene)).toEqual(home);
    expect(scene.oidc.linkOf(ada.person.id)).toMatchObject({ subject: 'ada-at-provider' });
  });

  it('does not sign in somebody who is disabled', async () => {
    const scene = await openScene();
    const ada = await scene.somebody('Ada');
    await link(scene, ada);
    scene.auth.people.change(ada.person, { state: 'disabled' });
    expect(await signIn(scene)).toEqual(problem('disabled'));
  });

  it('is not made for somebody who is disabled', async () => {
    const scene = await openScene({ linkByEmail: true });
    const { person } = await scene.somebody('Ada');
    scene.auth.people.change(person, { state: 'disabled' });
    expect(await signIn(scene, { claims: verified })).toEqual(problem('disabled'));
    expect(scene.oidc.linkOf(person.id)).toBeUndefined();
  });

  it('belongs to one person, who has one', async () => {
    const scene = await openScene();
    const ada = await scene.somebody('Ada');
    await link(scene, ada);
    const bob = await scene.somebody('Bob');
    expect(await link(scene, bob)).toEqual(problem('linked_already'));
    const again = await scene.ask('POST', '/auth/oidc/link', { as: ada.token, body: {} });
    expect(again.status).toBe(409);
  });

  it('is linked by who is signed in just now, or knows the password', async () => {
    const scene = await openScene();
    const { token } = await scene.somebody('Ada');
    scene.clock.advance(10 * minuteMs);
    const ask = (body: object) => scene.ask('POST', '/auth/oidc/link', { as: token, body });
    expect(await ask({})).toMatchObject({ status: 403, body: { field: 'password' } });
    expect((await ask({ password })).status).toBe(200);
  });

  it('is not linked by a session that has ended meanwhile', async () => {
    const scene = await openScene();
    const ada = await scene.somebody('Ada');
    const begun = await scene.ask('POST', '/auth/oidc/link', { as: ada.token, body: {} });
    scene.auth.sessions.end(ada.sessionId);
    const back = scene.provider.visit(begun.body.url);
    expect(await arrive(scene, back, cookieIn(begun.headers))).toEqual(problem('session_ended'));
    expect(scene.written('auth.oidc')[0]).toMatchObject({
      actor: 'person:Ada',
      outcome: 'refused',
    });
  });

  it('is removed by its person, unless nothing else signs them in', async () => {
    const scene = await openScene();
    const { ask } = scene;
    const ada = await scene.somebody('Ada');
    expect((await ask('DELETE', '/auth/oidc/link', { as: ada.token })).status).toBe(404);
    await link(scene, ada);
    expect((await ask('DELETE', '/auth/oidc/link', { as: ada.token })).status).toBe(204);
    expect(await signIn(scene)).toEqual(problem('not_linked'));
    expect(scene.written('auth.oidc').map(({ detail }) => detail.change)).toEqual([
      undefined,
      'unlinked',
      'linked',
    ]);
    await link(scene, ada);
    scene.db.prepare('UPDATE people SET password_hash = NULL').run();
    scene.auth.people.load();
    const last = await ask('DELETE', '/auth/oidc/link', { as: ada.token });
    expect(last).toMatchObject({ status: 409, body: { message: /nothing else/ } });
  });
});
