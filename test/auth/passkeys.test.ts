import { describe, expect, it } from 'vitest';
import { countsOn } from '../../src/auth/passkeys/ceremony.ts';
import { availabilityAt } from '../../src/auth/passkeys/page.ts';
import { type Entrance, openEntrance, page, password, type Somebody } from './entrance.ts';
import { type Bend, SoftwarePasskey } from './software-passkey.ts';

const minuteMs = 60_000;

/** Makes a passkey for somebody whose sign-in is fresh. */
async function addPasskey(
  { ask }: Entrance,
  { token }: Somebody,
  { passkey = new SoftwarePasskey(), name = 'Phone' } = {},
) {
  const begun = await ask('POST', '/auth/passkeys/options', { as: token, body: {} });
  const response = passkey.create(begun.body.options, page);
  const made = await ask('POST', '/auth/passkeys', { as: token, body: { name, response } });
  expect(made.status).toBe(201);
  return { passkey, id: made.body.id as string };
}

/** Signs in as a browser does; `bend` is what an attacker makes of it. */
async function signIn({ ask }: Entrance, passkey: SoftwarePasskey, bend?: Bend, at = page) {
  const begun = await ask('POST', '/auth/passkeys/login/options', { at });
  expect(begun.status).toBe(200);
  const response = passkey.get(begun.body.options, at, bend);
  const body = { challenge_id: begun.body.challenge_id, response };
  return { body, answer: await ask('POST', '/auth/passkeys/login', { body, at }) };
}

describe('where passkeys are to be had', () => {
  it.each([
    ['https://hub.local:8443', 'hub.local'],
    ['https://HUB.local', 'hub.local'],
    ['https://localhost:8443', 'localhost'],
    ['http://localhost:8080', 'localhost'],
    ['http://hub.local:8080', /plain HTTP.*authenticator app/],
    ['https://192.168.1.7:8443', /\(192\.168\.1\.7\).*by its name.*authenticator app/],
    ['https://[fd00::7]:8443', /\(fd00::7\).*by its name/],
    ['http://127.0.0.1:8080', /127\.0\.0\.1/],
  ])('%s: %s', (address, expected) => {
    const found = availabilityAt({ page: new URL(address), isOurs: true });
    if (typeof expected === 'string') expect(found).toMatchObject({ rpId: expected });
    else expect(found.available ? '' : found.reason).toMatch(expected);
  });

  it('is said to whoever asks, and kept to', async () => {
    const { ask } = await openEntrance();
    const byName = await ask('GET', '/auth/passkeys/available');
    expect(byName.body).toEqual({ available: true, reason: null });
    const at = 'https://192.168.1.7:8443';
    const byAddress = await ask('GET', '/auth/passkeys/available', { at });
    expect(byAddress.body).toMatchObject({
      available: false,
      reason: expect.stringMatching(/TOTP/),
    });
    const refused = await ask('POST', '/auth/passkeys/login/options', { at });
    expect(refused).toMatchObject({ status: 422, body: { hint: byAddress.body.reason } });
  });
});

describe('a passkey', () => {
  it('is made by somebody who is signed in, and signs them in', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const { passkey, id } = await addPasskey(entrance, ada);
    const { answer } = await signIn(entrance, passkey);
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'bearer', expires_in: 1800, person: { id: ada.person.id } },
    });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-hearth_session=.+; Path=\/;.+; Secure$/,
    );
    const mine = await entrance.ask('GET', '/auth/passkeys', { as: answer.body.access_token });
    expect(mine.body.passkeys).toEqual([
      {
        id,
        name: 'Phone',
        rp_id: 'hub.local',
        usable_here: true,
        transports: ['internal'],
        created_at: '2026-03-01T00:00:00.000Z',
        last_used_at: '2026-03-01T00:00:00.000Z',
      },
    ]);
    expect(entrance.written('auth.passkey')).toMatchObject([
      { actor: 'person:Ada', outcome: 'ok', detail: { change: 'added', id } },
    ]);
    expect(entrance.written('auth.login')[0]).toMatchObject({ detail: { method: 'passkey' } });
  });

  it('is asked for with a finger, a face or a PIN, and is found without a name', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const { ask } = entrance;
    const { body } = await ask('POST', '/auth/passkeys/options', { as: ada.token, body: {} });
    expect(body.options).toMatchObject({
      rp: { id: 'hub.local', name: 'Elm Street 7' },
      user: { id: Buffer.from(ada.person.id).toString('base64url'), name: 'ada@home.example' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
    });
    const login = await ask('POST', '/auth/passkeys/login/options');
    expect(login.body.options).toMatchObject({ userVerification: 'required' });
    expect(login.body.options.allowCredentials ?? []).toEqual([]);
  });

  it.each<[string, Bend]>([
    ['another page', { origin: 'https://hub.example' }],
    ['another port', { origin: 'https://hub.local:9999' }],
    ['another host name', { rpId: 'hub.example' }],
    ['another challenge', { challenge: 'AAAA' }],
    ['a sign-in', { type: 'webauthn.get' }],
    ['nobody who was asked', { isVerified: false }],
  ])('is not made from an answer for %s', async (_, bend) => {
    const { ask, somebody, db } = await openEntrance();
    const { token } = await somebody('Ada');
    const { body } = await ask('POST', '/auth/passkeys/options', { as: token, body: {} });
    const response = new SoftwarePasskey().create(body.options, page, bend);
    const made = await ask('POST', '/auth/passkeys', { as: token, body: { name: 'P', response } });
    expect(made).toMatchObject({ status: 422, body: { field: 'response' } });
    expect(db.prepare('SELECT count(*) AS count FROM passkeys').get()).toEqual({ count: 0 });
  });

  it('is made whatever its maker says of it, as nobody asked', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const { ask } = entrance;
    const { body } = await ask('POST', '/auth/passkeys/options', { as: ada.token, body: {} });
    // fmt "packed", attStmt {"sig": h'00', "alg": -7, "x5c": [h'00']}: a certificate that is none.
    const attestation =
      '63666d74667061636b65646761747453746d74a363736967410063616c672663783563814100';
    const response = new SoftwarePasskey().create(body.options, page, { attestation });
    const made = await ask('POST', '/auth/passkeys', {
      as: ada.token,
      body: { name: 'P', response },
    });
    expect(made.status).toBe(201);
  });

  it.each<[string, Bend]>([
    ['another page', { origin: 'https://hub.example' }],
    ['another host name', { rpId: 'hub.example' }],
    ['another challenge', { challenge: 'AAAA' }],
    ['a new passkey', { type: 'webauthn.create' }],
    ['nobody who was asked', { isVerified: false }],
    ['another person', { userHandle: Buffer.from('somebody').toString('base64url') }],
    ['no person', { userHandle: null }],
  ])('does not sign in with an answer for %s', async (_, bend) => {
    const entrance = await openEntrance();
    const { passkey, id } = await addPasskey(entrance, await entrance.somebody('Ada'));
    const { answer } = await signIn(entrance, passkey, bend);
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(entrance.written('auth.passkey')[0]).toMatchObject({
      outcome: 'refused',
      detail: { id, reason: 'not_verified' },
    });
  });

  it('that is not known is answered as one that signed wrongly', async () => {
    const entrance = await openEntrance();
    const { passkey } = await addPasskey(entrance, await entrance.somebody('Ada'));
    const wrong = await signIn(entrance, passkey, { challenge: 'AAAA' });
    const stranger = new SoftwarePasskey();
    stranger.userHandle = passkey.userHandle;
    const unknown = await signIn(entrance, stranger);
    expect(unknown.answer.body).toEqual(wrong.answer.body);
    expect(unknown.answer.status).toBe(wrong.answer.status);
    expect(entrance.written('auth.passkey')).toHaveLength(2);
  });

  it('whose counter goes back is refused, and written down', async () => {
    const entrance = await openEntrance();
    const { passkey, id } = await addPasskey(entrance, await entrance.somebody('Ada'));
    expect((await signIn(entrance, passkey, { counter: 7 })).answer.status).toBe(200);
    const again = await signIn(entrance, passkey, { counter: 7 });
    expect(again.answer).toMatchObject({ status: 401, body: { message: /counts backwards/ } });
    expect(entrance.written('auth.passkey')[0]).toMatchObject({
      actor: 'person:Ada',
      outcome: 'refused',
      origin: '192.168.1.7',
      detail: { id, reason: 'counter', kept: 7, shown: 7 },
    });
    expect((await signIn(entrance, passkey, { counter: 8 })).answer.status).toBe(200);
  });

  it.each([
    [0, 0, true],
    [0, 1, true],
    [5, 6, true],
    [5, 5, false],
    [5, 4, false],
    [5, 0, false],
  ])('counter %i, then %i: %s', (before, now, expected) => {
    expect(countsOn(before, now)).toBe(expected);
  });

  it('signs nothing for a page at the port of another program on this machine', async () => {
    const entrance = await openEntrance();
    const at = 'https://hub.local:9999';
    const begun = await entrance.ask('POST', '/auth/passkeys/login/options', { at });
    expect(begun.status).toBe(422);
    expect(begun.body.hint).toContain('https.allowed_origins');
    const { body } = await entrance.ask('GET', '/auth/passkeys/available', { at });
    expect(body.available).toBe(false);
  });

  it('works under the host name it was made for alone', async () => {
    const entrance = await openEntrance();
    const { passkey } = await addPasskey(entrance, await entrance.somebody('Ada'));
    const at = 'https://localhost:8443';
    const { answer } = await signIn(entrance, passkey, {}, at);
    expect(answer.status).toBe(401);
  });

  it('does not sign in somebody who is disabled', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const { passkey } = await addPasskey(entrance, ada);
    entrance.auth.people.change(ada.person, { state: 'disabled' });
    expect((await signIn(entrance, passkey)).answer.status).toBe(401);
  });
});

describe('what the hub asks of a browser', () => {
  it('is answered once', async () => {
    const entrance = await openEntrance();
    const { passkey } = await addPasskey(entrance, await entrance.somebody('Ada'));
    const { body, answer } = await signIn(entrance, passkey);
    expect(answer.status).toBe(200);
    expect((await entrance.ask('POST', '/auth/passkeys/login', { body })).status).toBe(422);
  });

  it('is answered within five minutes', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const { passkey } = await addPasskey(entrance, ada);
    const { ask, clock } = entrance;
    const login = await ask('POST', '/auth/passkeys/login/options');
    const registration = await ask('POST', '/auth/passkeys/options', { as: ada.token, body: {} });
    clock.advance(5 * minuteMs);
    const response = passkey.get(login.body.options, page);
    const body = { challenge_id: login.body.challenge_id, response };
    expect((await ask('POST', '/auth/passkeys/login', { body })).status).toBe(422);
    const made = new SoftwarePasskey().create(registration.body.options, page);
    const late = { as: ada.token, body: { name: 'P', response: made } };
    expect((await ask('POST', '/auth/passkeys', late)).status).toBe(422);
  });

  it('is answered by the session it was asked of', async () => {
    const { ask, somebody } = await openEntrance();
    const ada = await somebody('Ada');
    const bob = await somebody('Bob');
    const { body } = await ask('POST', '/auth/passkeys/options', { as: ada.token, body: {} });
    const response = new SoftwarePasskey().create(body.options, page);
    const made = await ask('POST', '/auth/passkeys', {
      as: bob.token,
      body: { name: 'P', response },
    });
    expect(made.status).toBe(422);
  });

  it('cannot be had by a page of somebody else’s', async () => {
    const { ask } = await openEntrance();
    const headers = { origin: 'https://elsewhere.example' };
    expect((await ask('POST', '/auth/passkeys/login/options', { headers })).status).toBe(403);
  });

  it('is asked for again and again only with a wait', async () => {
    const entrance = await openEntrance();
    const stranger = new SoftwarePasskey();
    stranger.userHandle = 'AAAA';
    for (let round = 0; round < 10; round += 1) {
      expect((await signIn(entrance, stranger)).answer.status).toBe(401);
    }
    expect((await signIn(entrance, stranger)).answer.status).toBe(429);
  });
});

describe('the passkeys of a person', () => {
  it('are added with the password when the sign-in is not fresh', async () => {
    const { ask, somebody, clock } = await openEntrance();
    const { token } = await somebody('Ada');
    clock.advance(10 * minuteMs);
    const without = await ask('POST', '/auth/passkeys/options', { as: token, body: {} });
    expect(without).toMatchObject({ status: 403, body: { field: 'password' } });
    const wrong = { as: token, body: { password: 'not the one at all' } };
    expect((await ask('POST', '/auth/passkeys/options', wrong)).status).toBe(403);
    const right = { as: token, body: { password } };
    expect((await ask('POST', '/auth/passkeys/options', right)).status).toBe(200);
  });

  it('are theirs to rename and remove, and nobody else’s', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const bob = await entrance.somebody('Bob');
    const { id, passkey } = await addPasskey(entrance, ada);
    const { ask } = entrance;
    const path = `/auth/passkeys/${id}`;
    const body = { name: 'Old phone' };
    expect((await ask('PATCH', path, { as: bob.token, body })).status).toBe(404);
    expect((await ask('DELETE', path, { as: bob.token })).status).toBe(404);
    expect((await ask('GET', '/auth/passkeys', { as: bob.token })).body).toEqual({ passkeys: [] });
    expect((await ask('PATCH', path, { as: ada.token, body })).body).toMatchObject(body);
    expect((await ask('DELETE', path, { as: ada.token })).status).toBe(204);
    expect((await signIn(entrance, passkey)).answer.status).toBe(401);
    expect(entrance.written('auth.passkey').map(({ detail }) => detail.change)).toEqual([
      'removed',
      'renamed',
      'added',
    ]);
  });

  it('are not made twice from one key, nor without end', async () => {
    const entrance = await openEntrance();
    const ada = await entrance.somebody('Ada');
    const { ask } = entrance;
    const first = await addPasskey(entrance, ada);
    const { body } = await ask('POST', '/auth/passkeys/options', { as: ada.token, body: {} });
    expect(body.options.excludeCredentials).toMatchObject([{ id: first.passkey.credentialId }]);
    const response = first.passkey.create(body.options, page);
    const twice = await ask('POST', '/auth/passkeys', {
      as: ada.token,
      body: { name: 'P', response },
    });
    expect(twice.status).toBe(409);
    for (let count = 1; count < 20; count += 1) await addPasskey(entrance, ada);
    const beyond = await ask('POST', '/auth/passkeys/options', { as: ada.token, body: {} });
    expect(beyond.status).toBe(409);
  });

  it('are never the last that is taken away', async () => {
    const entrance = await openEntrance();
    const { person } = await entrance.somebody('Ada');
    entrance.db.prepare('UPDATE people SET password_hash = NULL').run();
    entrance.auth.people.load();
    const { ask, auth } = entrance;
    const origin = { remoteAddress: '', userAgent: '' };
    const signedIn = await auth.signIns.signInAs(person.id, 'oidc', origin);
    const ada = { person, token: signedIn.accessToken, sessionId: signedIn.sessionId };
    const { id } = await addPasskey(entrance, ada);
    const second = await addPasskey(entrance, ada);
    const path = `/auth/passkeys/${id}`;
    expect((await ask('DELETE', path, { as: ada.token })).status).toBe(204);
    const last = await ask('DELETE', `/auth/passkeys/${second.id}`, { as: ada.token });
    expect(last).toMatchObject({ status: 409, body: { message: /nothing else/ } });
  });

  it('are a person’s, not a program’s', async () => {
    const { ask, auth } = await openEntrance();
    const { token } = auth.tokens.create({ name: 'script', role: 'service' });
    expect((await ask('GET', '/auth/passkeys', { as: token })).status).toBe(404);
    expect((await ask('GET', '/auth/passkeys')).status).toBe(401);
  });
});
