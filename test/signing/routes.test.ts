import { OpenAPIHono } from '@hono/zod-openapi';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { describe, expect, it } from 'vitest';
import { type Caller, type HearthEnv, localCaller, type Role } from '#auth';
import { isHearthError } from '#kernel';
import { Firmware, openWorkshop, signingOf, type Workshop } from './workshop.ts';

const as = (role: Role): Caller => ({
  kind: 'person',
  sessionId: 's1',
  id: role,
  name: role,
  role,
});

const statusOf: Partial<Record<string, ContentfulStatusCode>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  unprocessable: 422,
};

/** Signing's routes alone, with errors as plain JSON of their code, field and message. */
function ask(
  workshop: Workshop,
  path: string,
  body?: unknown,
  caller: Caller | 'nobody' = localCaller,
) {
  const api = new OpenAPIHono<HearthEnv>();
  api.use(async (context, next) => {
    context.set('caller', caller === 'nobody' ? undefined : caller);
    await next();
  });
  api.onError((error, context) => {
    if (!isHearthError(error)) throw error;
    const { code, field, message } = error;
    return context.json({ code, field, message }, statusOf[code] ?? 500);
  });
  workshop.signing.routes(api);
  const put = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  return api.request(path, body === undefined ? {} : put);
}

const nothing = {
  command_algorithm: 'ed25519',
  signature: 'off',
  signing_key: null,
  encryption: 'off',
  box_key: null,
};

const base64 = (bytes: Uint8Array | string) =>
  (typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : Buffer.from(bytes)).toString('base64');

describe('GET /signing-keys', () => {
  it("tells anyone the hub's public keys, and no secret one", async () => {
    const workshop = await openWorkshop();
    const response = await ask(workshop, '/signing-keys', undefined, 'nobody');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ed25519: { pem: expect.stringMatching(/^-----BEGIN PUBLIC/), raw: expect.any(String) },
      p256: { pem: expect.stringMatching(/^-----BEGIN PUBLIC/), raw: expect.any(String) },
      box: { raw: expect.any(String) },
    });
  });
});

describe('PUT /devices/{id}/signing', () => {
  it('is shown as it was given, keys in their shortest form, also after a restart', async () => {
    const workshop = await openWorkshop();
    expect(await (await ask(workshop, '/devices/plug/signing')).json()).toEqual(nothing);
    for (const algorithm of ['ed25519', 'p256'] as const) {
      const { signingKey, boxKey, publicKey } = new Firmware(algorithm);
      const agreed = {
        command_algorithm: algorithm,
        signature: 'required',
        signing_key: signingKey,
        encryption: 'optional',
        box_key: boxKey,
      };
      const response = await ask(workshop, '/devices/plug/signing', agreed);
      const { x = '', y } = publicKey.export({ format: 'jwk' });
      const raw = [Buffer.from(x, 'base64url'), Buffer.from(y ?? '', 'base64url')];
      const public_key = base64(Buffer.concat(y === undefined ? raw : [Buffer.of(4), ...raw]));
      const shown = { ...agreed, signing_key: { algorithm, public_key } };
      expect([response.status, await response.json()]).toEqual([200, shown]);
      const again = await ask(workshop, '/devices/plug/signing', shown);
      expect([again.status, await again.json()]).toEqual([200, shown]);
      const restarted = signingOf(workshop);
      await restarted.start();
      expect(restarted.settingsOf('plug')).toEqual(shown);
      await restarted.stop();
    }
  });

  it('is in the audit, by whom and what', async () => {
    const workshop = await openWorkshop();
    const agreed = { ...nothing, command_algorithm: 'p256', signing_key: 'certificate' };
    await ask(workshop, '/devices/plug/signing', agreed, as('admin'));
    expect(workshop.audit.list({ action: 'signing.update', limit: 9 })).toMatchObject([
      { actor: 'person:admin', subject: 'device:plug', outcome: 'ok', detail: agreed },
    ]);
  });

  it('goes with its device', async () => {
    const workshop = await openWorkshop();
    const { signingKey } = new Firmware();
    workshop.agree('plug', { signature: 'required', signing_key: signingKey });
    workshop.devices.remove('plug');
    expect(workshop.signing.open('plug', Buffer.from('{}'))).toBeUndefined();
    workshop.devices.create({ id: 'plug' });
    expect(workshop.signing.settingsOf('plug')).toEqual(nothing);
    const restarted = signingOf(workshop);
    await restarted.start();
    expect(restarted.settingsOf('plug')).toEqual(nothing);
    await restarted.stop();
  });

  it.each<[string, Role, number, unknown]>([
    ['changed by an admin', 'admin', 200, nothing],
    ['not changed by a member', 'member', 403, nothing],
    ['seen by a member', 'member', 200, undefined],
    ['not there for a guest with whom it is not shared', 'guest', 404, undefined],
  ])('is %s', async (_, role, status, body) => {
    const workshop = await openWorkshop();
    expect((await ask(workshop, '/devices/plug/signing', body, as(role))).status).toBe(status);
  });

  it('is not there for a device that is not there', async () => {
    const workshop = await openWorkshop();
    for (const body of [undefined, nothing]) {
      const response = await ask(workshop, '/devices/nobody/signing', body);
      expect([response.status, await response.json()]).toMatchObject([404, { field: 'id' }]);
    }
  });

  const other = new Firmware('p256');
  const privatePem = other.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = (algorithm: string, public_key: string) => ({
    signing_key: { algorithm, public_key },
  });
  const rawP256 = Buffer.from(
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
      '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
    'hex',
  );
  const cases: [string, Record<string, unknown>, string, string][] = [
    [
      'a demand without a key',
      { signature: 'required' },
      'signing_key',
      'is null: with signature "required"',
    ],
    ['a wish without a key', { signature: 'optional' }, 'signing_key', 'is null'],
    [
      'encryption without a key',
      { encryption: 'optional' },
      'box_key',
      'with encryption "optional"',
    ],
    [
      'a key that is no base64',
      key('ed25519', '####'),
      'signing_key.public_key',
      'is "####": it is not standard base64',
    ],
    [
      'a key in base64url',
      key('ed25519', '-_'.repeat(22)),
      'signing_key.public_key',
      'not standard base64',
    ],
    [
      'a key that is too short',
      key('ed25519', base64('00'.repeat(31))),
      'signing_key.public_key',
      'is 31 bytes long, not 32',
    ],
    // y = 2: d·4 + 1 makes x² no square.
    [
      'a key beside the curve',
      key('ed25519', base64(`02${'00'.repeat(31)}`)),
      'signing_key.public_key',
      'is not a point on the curve',
    ],
    [
      'a key past the field',
      key('ed25519', base64('ff'.repeat(32))),
      'signing_key.public_key',
      'is not a point on the curve',
    ],
    ...[
      `01${'00'.repeat(31)}`,
      `01${'00'.repeat(30)}80`,
      `ec${'ff'.repeat(30)}7f`,
      '00'.repeat(32),
      `${'00'.repeat(31)}80`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    ].map((point): [string, Record<string, unknown>, string, string] => [
      `the point of low order ${point.slice(0, 8)}…${point.slice(-2)}`,
      key('ed25519', base64(point)),
      'signing_key.public_key',
      'low order',
    ]),
    [
      'the other kind of PEM',
      key('ed25519', other.signingKey.public_key),
      'signing_key.public_key',
      'is a P-256 key, not one of Ed25519',
    ],
    [
      'a private key',
      key('p256', privatePem),
      'signing_key.public_key',
      'is a private key: it does not begin with',
    ],
    [
      'a PEM of nothing',
      key('p256', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'),
      'signing_key.public_key',
      'no public key that can be read',
    ],
    [
      'a P-256 point beside the curve',
      key('p256', base64(rawP256.with(64, 0xf4))),
      'signing_key.public_key',
      'is not a point on the curve',
    ],
    [
      'a P-256 point without its 04',
      key('p256', base64(rawP256.with(0, 6))),
      'signing_key.public_key',
      'is not an uncompressed point',
    ],
    [
      'a compressed P-256 point',
      key('p256', base64(rawP256.subarray(0, 33))),
      'signing_key.public_key',
      'is 33 bytes long, not 65',
    ],
    [
      'a short box key',
      { box_key: base64('aa'.repeat(31)) },
      'box_key',
      'is 31 bytes long, not 32',
    ],
    ['a box key of zeroes', { box_key: base64('00'.repeat(32)) }, 'box_key', 'low order'],
    ['the box key one', { box_key: base64(`01${'00'.repeat(31)}`) }, 'box_key', 'low order'],
    [
      'a box key of order eight',
      { box_key: base64('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800') },
      'box_key',
      'low order',
    ],
  ];
  it.each(cases)('refuses %s, naming it', async (_, changes, field, message) => {
    const workshop = await openWorkshop();
    const response = await ask(workshop, '/devices/plug/signing', { ...nothing, ...changes });
    expect([response.status, await response.json()]).toEqual([
      422,
      { code: 'unprocessable', field, message: expect.stringMatching(new RegExp(`^${field} .*`)) },
    ]);
    const text = await (
      await ask(workshop, '/devices/plug/signing', { ...nothing, ...changes })
    ).text();
    expect(JSON.parse(text).message).toContain(message);
    expect(text).not.toContain(privatePem.slice(40, 60));
    expect(workshop.signing.settingsOf('plug')).toEqual(nothing);
    expect(workshop.audit.list({ action: 'signing.update', limit: 9 })).toEqual([]);
  });

  it('takes the generator of P-256 as a point', async () => {
    const workshop = await openWorkshop();
    const agreed = { ...nothing, ...key('p256', base64(rawP256)) };
    expect((await ask(workshop, '/devices/plug/signing', agreed)).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown member', { ...nothing, more: 1 }],
    ['an unknown algorithm', { ...nothing, command_algorithm: 'rsa' }],
    ['an unknown demand', { ...nothing, signature: 'sometimes' }],
    ['another word than certificate', { ...nothing, signing_key: 'cert' }],
    ['an unknown member of the key', { ...nothing, signing_key: { algorithm: 'p256', key: 'x' } }],
    ['a key of many pages', { ...nothing, box_key: 'A'.repeat(3000) }],
    ['something left out', { command_algorithm: 'p256' }],
  ])('is not understood with %s', async (_, body) => {
    const workshop = await openWorkshop();
    expect((await ask(workshop, '/devices/plug/signing', body)).ok).toBe(false);
    expect(workshop.signing.settingsOf('plug')).toEqual(nothing);
  });
});
