import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
} from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { addOwner, type House, openHouse, owner, startMs } from './house.ts';

const dayMs = 86_400_000;

async function signedIn() {
  const house = await openHouse();
  addOwner(house);
  const { body } = await house.call('POST', '/auth/login', { body: owner });
  return { house, token: String(body.access_token), refresh: String(body.refresh_token) };
}

const jwksOf = async (house: House) =>
  (await house.call('GET', '/.well-known/jwks.json')).body as unknown as JSONWebKeySet;

const ours = (currentMs: number) => ({
  issuer: 'hearth',
  audience: 'hearth',
  currentDate: new Date(currentMs),
});

const caller = (house: House, token: string) => house.auth.callerOfBearer(token);

describe('an access token', () => {
  it('is verified from outside, with the published keys alone', async () => {
    const { house, token } = await signedIn();
    const jwks = await jwksOf(house);
    const { payload, protectedHeader } = await jwtVerify(
      token,
      createLocalJWKSet(jwks),
      ours(startMs),
    );
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: jwks.keys[0]?.kid });
    expect(payload).toEqual({
      iss: 'hearth',
      aud: 'hearth',
      sub: 'olive',
      sid: expect.any(String),
      role: 'owner',
      name: owner.name,
      iat: startMs / 1000,
      exp: startMs / 1000 + 1800,
    });
    expect(JSON.stringify(jwks)).not.toContain('"d"');
  });

  it('is verified by a program that fetches the keys itself', async () => {
    const { house, token } = await signedIn();
    const jwks = await jwksOf(house);
    const server = createServer((_request, response) => response.end(JSON.stringify(jwks)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keys, ours(startMs));
    expect(payload.sub).toBe('olive');
  });

  it('lasts half an hour and not a moment longer', async () => {
    const { house, token } = await signedIn();
    house.clock.advance(1_800_000 - 1);
    expect(caller(house, token)).toMatchObject({ kind: 'person', id: 'olive', role: 'owner' });
    house.clock.advance(1);
    expect(caller(house, token)).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['of another issuer', {}, { iss: 'somebody' }],
    ['for another audience', {}, { aud: 'somebody' }],
    ['without a session', {}, { sid: undefined }],
    ['without an end', {}, { exp: undefined }],
    ['with an extension', { crit: ['b64'], b64: true }, {}],
    ['of a key that nobody knows', { kid: 'nobody' }, {}],
  ])('is none %s, even signed by the right key', async (_what, header, claims) => {
    const { house, token } = await signedIn();
    const row = house.db
      .prepare<[], { sealed: string }>('SELECT sealed_private_key AS sealed FROM token_keys')
      .get();
    const { createPrivateKey } = await import('node:crypto');
    const key = createPrivateKey({
      key: house.secrets.open('auth.token-key', row?.sealed ?? ''),
      format: 'der',
      type: 'pkcs8',
    });
    const [head, body] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    const forge = (h: object, c: object) =>
      new SignJWT({ ...JSON.parse(body ?? ''), ...c })
        .setProtectedHeader({ ...JSON.parse(head ?? ''), ...h })
        .sign(key, { crit: { b64: true } });
    expect(caller(house, await forge({}, {}))).toMatchObject({ id: 'olive' });
    expect(caller(house, await forge(header, claims))).toBeUndefined();
  });

  it('is none when somebody else signed it, or nobody', async () => {
    const { house, token } = await signedIn();
    const [header = '', body = '', signature = ''] = token.split('.');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const spell = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [jwk] = (await jwksOf(house)).keys;
    const byPublicKey = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid })
      .sign(Buffer.from(JSON.stringify(jwk)));
    for (const forged of [
      await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey),
      await byPublicKey,
      `${spell({ alg: 'none', kid })}.${body}.`,
      `${spell({ alg: 'none', kid })}.${body}.${signature}`,
      `${header}.${spell({ ...claims, sub: 'eve' })}.${signature}`,
      `${header}.${body}`,
      `${token}.${signature}`,
      '..',
      '',
    ]) {
      expect(caller(house, forged), forged).toBeUndefined();
    }
  });

  it('is none when a single character of it is another', async () => {
    const { house, token } = await signedIn();
    const last = token.length - 1;
    fc.assert(
      fc.property(
        // The last character of 64 bytes in base64url has bits that say nothing.
        fc.integer({ min: 0, max: last - 1 }).filter((at) => token[at] !== '.'),
        fc.constantFrom(...'ABCabc019-_'),
        (at, letter) => {
          fc.pre(token[at] !== letter);
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          expect(caller(house, changed)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never makes anything fail, whatever it is', async () => {
    const { house } = await signedIn();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String()).map((it) => it.join('.')),
        ),
        (text) => {
          expect(caller(house, text)).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is verified without a query, at first and again', async () => {
    const { house, token } = await signedIn();
    const { body } = await house.call('POST', '/auth/login', { body: owner });
    const prepare = vi.spyOn(house.db, 'prepare');
    for (const one of [token, token, String(body.access_token)]) {
      expect(caller(house, one)).toMatchObject({ kind: 'person', role: 'owner' });
    }
    expect(prepare).not.toHaveBeenCalled();
  });
});

describe('the keys', () => {
  it('are followed by a new one every ninety days, and stay until no token of theirs lives', async () => {
    const { house } = await signedIn();
    const ids = async () => (await jwksOf(house)).keys.map(({ kid }) => kid);
    const [first] = await ids();
    house.clock.advance(90 * dayMs - 3_600_000);
    expect(await ids()).toEqual([first]);
    const { body } = await house.call('POST', '/auth/login', { body: owner });
    const old = String(body.access_token);
    // Signed a moment before the next key.
    house.clock.step(house.clock.nowMs() + 3_599_000);
    const refreshed = await house.call('POST', '/auth/refresh', {
      body: { refresh_token: body.refresh_token },
    });
    house.clock.step(house.clock.nowMs() - 3_599_000);
    house.clock.advance(3_600_000);
    const both = await ids();
    expect(both).toEqual([first, expect.any(String)]);
    expect(caller(house, old)).toBeUndefined();
    expect(caller(house, String(refreshed.body.access_token))).toMatchObject({ id: 'olive' });
    const next = await house.call('POST', '/auth/login', { body: owner });
    expect(kidOf(next.body.access_token)).toBe(both[1]);
    house.clock.advance(3_600_000);
    expect(await ids()).toEqual([both[1]]);
    expect(house.db.prepare('SELECT count(*) AS n FROM token_keys').get()).toEqual({ n: 1 });
  });

  it('lie sealed, and are sealed anew with the hub’s key', async () => {
    const { house, token } = await signedIn();
    const sealed = () =>
      house.db
        .prepare<[], { text: string }>('SELECT sealed_private_key AS text FROM token_keys')
        .get()?.text;
    const before = sealed();
    expect(before).toMatch(/^hs1\./);
    house.secrets.register('auth', (reseal) => house.auth.reseal(reseal));
    await house.secrets.rotate();
    expect(sealed()).not.toBe(before);
    const after = await house.restart();
    expect(caller(after, token)).toMatchObject({ id: 'olive' });
  });
});

const kidOf = (token: unknown): unknown =>
  JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString()).kid;
