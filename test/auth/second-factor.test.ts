import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { totpStepOf } from '../../src/auth/second-factor/totp.ts';
import { type Answer, addOwner, type House, openHouse, owner } from './house.ts';

const { password } = owner;

/** RFC 6238 appendix B, SHA-1: the last six of the eight digits that stand there. */
const vectors: readonly [seconds: number, code: string][] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
];
const vectorSecret = Buffer.from('12345678901234567890');

describe('a code of an authenticator app', () => {
  it.each(vectors)('at %i seconds is that of RFC 6238: %s', (seconds, code) => {
    expect(totpStepOf(vectorSecret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  it.each([
    ['a step early', -30, true],
    ['a step late', 30, true],
    ['two steps early', -60, false],
    ['two steps late', 60, false],
  ])('%s is taken: %s', (_what, seconds, isTaken) => {
    const step = totpStepOf(vectorSecret, '050471', (1_111_111_111 + seconds) * 1000);
    expect(step).toBe(isTaken ? Math.floor(1_111_111_111 / 30) : undefined);
  });

  it.each(['', '05047', '0504711', '050 471 ', 'abcdef', '٠٥٠٤٧١', '-50471', '5e1234'])(
    'is six digits and nothing else: "%s"',
    (code) => {
      const step = totpStepOf(vectorSecret, code, 1_111_111_111_000);
      expect(step !== undefined).toBe(code === '050 471 ');
    },
  );
});

interface WithApp {
  readonly house: House;
  readonly bearer: string;
  readonly recoveryCodes: readonly string[];
  /** What the app shows now. */
  code(): string;
}

const logIn = (house: House, change: Record<string, unknown> = {}) =>
  house.call('POST', '/auth/login', { body: { email: owner.email, password, ...change } });

/** A house whose owner has an app; a minute later, so that the first code is spent. */
async function withApp(): Promise<WithApp> {
  const house = await openHouse();
  addOwner(house);
  const bearer = String((await logIn(house)).body.access_token);
  const begun = await house.call('POST', '/auth/2fa/totp', { bearer, body: { password } });
  expect(begun.body).toEqual({
    secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
    uri: expect.stringMatching(/^otpauth:\/\/totp\/Elm%20Street%207:owner%40home\.example\?/),
  });
  const totp = new TOTP({ secret: Secret.fromBase32(String(begun.body.secret)) });
  const code = () => totp.generate({ timestamp: house.clock.nowMs() });
  const confirmed = await house.call('POST', '/auth/2fa/totp/confirm', {
    bearer,
    body: { code: code() },
  });
  expect(confirmed.status).toBe(200);
  house.clock.advance(60_000);
  return { house, bearer, code, recoveryCodes: confirmed.body.recovery_codes as string[] };
}

const challengeOf = (answer: Answer): string =>
  (answer.body as { second_factor: { challenge: string } }).second_factor.challenge;

const verify = (house: House, challenge: string, code: string) =>
  house.call('POST', '/auth/2fa/verify', { body: { challenge, code } });

describe('an authenticator app', () => {
  it('asks for its code after the password', async () => {
    const { house, code } = await withApp();
    const asked = await logIn(house);
    expect([asked.status, asked.cookie]).toEqual([202, '']);
    expect(asked.headers.get('cache-control')).toBe('no-store');
    expect(asked.body).toEqual({
      second_factor: {
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        methods: ['totp', 'recovery_code'],
        expires_in: 300,
      },
    });
    const answer = await verify(house, challengeOf(asked), code());
    expect(answer.status).toBe(200);
    expect(answer.cookie).toMatch(/^hearth_session=/);
    expect(answer.body).toMatchObject({ token_type: 'bearer', person: { id: 'olive' } });
    expect(house.audited.slice(-2)).toMatchObject([
      { action: 'auth.login', outcome: 'second_factor' },
      {
        action: 'auth.login',
        outcome: 'ok',
        detail: { method: 'password', second_factor: 'totp' },
      },
    ]);
  });

  it('takes its code with the password too', async () => {
    const { house, code } = await withApp();
    expect((await logIn(house, { code: code() })).status).toBe(200);
    const wrong = await logIn(house, { code: '000000' });
    expect([wrong.status, wrong.body.field]).toEqual([401, 'code']);
  });

  it('takes a code once, and none from before it', async () => {
    const { house, code } = await withApp();
    const old = code();
    house.clock.advance(30_000);
    const now = code();
    expect((await logIn(house, { code: now })).status).toBe(200);
    expect((await logIn(house, { code: now })).status).toBe(401);
    expect((await logIn(house, { code: old })).status).toBe(401);
    house.clock.advance(30_000);
    expect((await logIn(house, { code: code() })).status).toBe(200);
  });

  it('takes no code a second time after a restart', async () => {
    const { house, code } = await withApp();
    const now = code();
    expect((await logIn(house, { code: now })).status).toBe(200);
    expect((await logIn(await house.restart(), { code: now })).status).toBe(401);
  });

  it('says nothing of itself to whoever has the wrong password', async () => {
    const { house, code } = await withApp();
    const wrong = await logIn(house, { password: 'not the password', code: code() });
    expect([wrong.status, wrong.body.message]).toEqual([401, 'the email or the password is wrong']);
  });

  it('lets five codes be tried, then makes wait, and does not keep the owner’s machine out', async () => {
    const { house, code } = await withApp();
    const challenge = challengeOf(await logIn(house));
    for (let i = 0; i < 5; i++) {
      expect((await verify(house, challenge, '000000')).status).toBe(401);
    }
    const blocked = await verify(house, challenge, code());
    expect([blocked.status, blocked.headers.get('retry-after')]).toEqual([429, '60']);
    const removed = await house.call('DELETE', '/people/olive/2fa', { door: 'socket' });
    expect(removed.status).toBe(204);
    expect((await logIn(house)).status).toBe(200);
  });

  it.each<[string, (house: House) => Promise<unknown> | unknown]>([
    ['five minutes pass', (house) => house.clock.advance(300_000)],
    [
      'there is a new password',
      async (house) => {
        const made = await house.call('POST', '/people/olive/reset-password', { door: 'socket' });
        const body = { code: made.body.code, new_password: 'seven quiet lamps' };
        await house.call('POST', '/auth/password/reset', { body });
      },
    ],
    ['it was used', async () => {}],
  ])('answers no challenge any more once %s', async (what, happen) => {
    const { house, code } = await withApp();
    const challenge = challengeOf(await logIn(house));
    await happen(house);
    if (what === 'it was used') {
      expect((await verify(house, challenge, code())).status).toBe(200);
      house.clock.advance(60_000);
    }
    const late = await verify(house, challenge, code());
    expect([late.status, late.body.message]).toEqual([401, 'that sign-in is over']);
  });

  it('counts only once a code has confirmed it', async () => {
    const house = await openHouse();
    addOwner(house);
    const bearer = String((await logIn(house)).body.access_token);
    const confirm = (code: string) =>
      house.call('POST', '/auth/2fa/totp/confirm', { bearer, body: { code } });
    expect((await confirm('000000')).status).toBe(409);
    await house.call('POST', '/auth/2fa/totp', { bearer, body: { password } });
    expect((await logIn(house)).status).toBe(200);
    const wrong = await confirm('000000');
    expect([wrong.status, wrong.body.field]).toEqual([400, 'code']);
    expect((await logIn(house)).status).toBe(200);
    expect((await house.call('GET', '/auth/2fa', { bearer })).body).toEqual({
      totp: false,
      recovery_codes_left: 0,
    });
  });

  it('is neither added, renewed nor removed without the password', async () => {
    const { house, bearer } = await withApp();
    const body = { password: 'not the password' };
    for (const [method, path] of [
      ['POST', '/auth/2fa/totp'],
      ['POST', '/auth/2fa/recovery-codes'],
      ['DELETE', '/auth/2fa/totp'],
    ] as const) {
      const answer = await house.call(method, path, { bearer, body });
      expect([answer.status, answer.body.field], path).toEqual([403, 'password']);
    }
    const second = await house.call('POST', '/auth/2fa/totp', { bearer, body: { password } });
    expect(second.status).toBe(409);
    const removed = await house.call('DELETE', '/auth/2fa/totp', { bearer, body: { password } });
    expect(removed.status).toBe(204);
    expect((await logIn(house)).status).toBe(200);
    expect(house.audited.filter(({ action }) => action === 'auth.2fa')).toMatchObject([
      { detail: { change: 'on' }, actor: 'person:Olive' },
      { detail: { change: 'off' } },
    ]);
  });

  it('lies sealed, and is sealed anew with the hub’s key', async () => {
    const { house, code } = await withApp();
    const sealed = () =>
      house.db.prepare<[], { text: string }>('SELECT sealed_secret AS text FROM totp').get()?.text;
    const before = sealed();
    house.secrets.register('auth', (reseal) => house.auth.reseal(reseal));
    await house.secrets.rotate();
    expect(before).toMatch(/^hs1\./);
    expect(sealed()).not.toBe(before);
    expect((await logIn(await house.restart(), { code: code() })).status).toBe(200);
  });
});

describe('a recovery code', () => {
  it('is one of ten, each good once, however it is typed', async () => {
    const { house, recoveryCodes, bearer } = await withApp();
    expect(recoveryCodes).toHaveLength(10);
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes)
      expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/);
    const [first = '', second = ''] = recoveryCodes;
    expect((await logIn(house, { code: first })).status).toBe(200);
    expect((await logIn(house, { code: first })).status).toBe(401);
    const typed = ` ${second.replace('-', '').toUpperCase()}`;
    const asked = await logIn(house);
    expect((await verify(house, challengeOf(asked), typed)).status).toBe(200);
    const state = await house.call('GET', '/auth/2fa', { bearer });
    expect(state.body).toEqual({ totp: true, recovery_codes_left: 8 });
  });

  it('is void once there are new ones, and once the app is gone', async () => {
    const { house, recoveryCodes, bearer, code } = await withApp();
    const made = await house.call('POST', '/auth/2fa/recovery-codes', {
      bearer,
      body: { password },
    });
    const [fresh] = made.body.recovery_codes as string[];
    expect((await logIn(house, { code: recoveryCodes[0] })).status).toBe(401);
    expect((await logIn(house, { code: fresh })).status).toBe(200);
    await house.call('DELETE', '/auth/2fa/totp', { bearer, body: { password } });
    expect(house.db.prepare('SELECT count(*) AS n FROM recovery_codes').get()).toEqual({ n: 0 });
    const again = await house.call('POST', '/auth/2fa/recovery-codes', {
      bearer,
      body: { password },
    });
    expect(again.status).toBe(409);
    expect(code()).toMatch(/^\d{6}$/);
  });

  it('cannot be tried out against what the database knows', async () => {
    const { house, recoveryCodes } = await withApp();
    const rows = house.db
      .prepare<[], { code_hash: string }>('SELECT code_hash FROM recovery_codes')
      .all();
    const plain = recoveryCodes.flatMap((code) => [code, code.replace('-', '')]);
    const hashes = plain.map((code) => createHash('sha256').update(code).digest('hex'));
    expect(rows).toHaveLength(10);
    for (const { code_hash } of rows) expect([...plain, ...hashes]).not.toContain(code_hash);
  });
});
