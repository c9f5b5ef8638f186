import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { openMigrated, startAuthority } from '../support/pki.ts';
import { type KeyKind, makeRequest } from './request.ts';

const march2026 = Date.UTC(2026, 2, 1);
const yearMs = 365.25 * 86_400_000;

const derOf = (certificatePem: string) => new X509Certificate(certificatePem).raw;

describe('issuing', () => {
  it('names the device in the subject and as a URI, for clients only', async () => {
    const authority = await startAuthority();
    const issued = await authority.issueClient({ deviceId: 'kitchen-plug' });
    const certificate = new X509Certificate(issued.certificatePem);
    expect(certificate.subject).toBe('CN=kitchen-plug');
    expect(certificate.subjectAltName).toBe('URI:urn:hearth:device:kitchen-plug');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(new X509Certificate(authority.caPem).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.keyPem ?? ''))).toBe(true);
    expect(issued).toMatchObject({
      serial: certificate.serialNumber,
      fingerprint256: certificate.fingerprint256,
      notAfter: certificate.validToDate.toISOString(),
    });
  });

  it('makes it last ten years, but never longer than the authority', async () => {
    const clock = new ManualClock(march2026);
    const authority = await startAuthority({ clock });
    const first = await authority.issueClient({ deviceId: 'plug' });
    expect((Date.parse(first.notAfter) - march2026) / yearMs).toBeCloseTo(10, 1);
    clock.step(march2026 + 15 * yearMs);
    const late = await authority.issueClient({ deviceId: 'plug' });
    expect(Date.parse(late.notAfter)).toBe(
      new X509Certificate(authority.caPem).validToDate.getTime(),
    );
  });

  it('keeps no private key of a device', async () => {
    const directory = await temporaryDirectory();
    const db = openMigrated(join(directory, 'hearth.db'));
    const authority = await startAuthority({ directory: join(directory, 'pki'), db });
    const { keyPem = '' } = await authority.issueClient({ deviceId: 'plug' });
    const body = keyPem.split('\n')[1] ?? '';
    expect(body.length).toBeGreaterThan(40);
    for (const name of await readdir(directory, { recursive: true })) {
      const contents = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
      expect(contents.includes(body), name).toBe(false);
    }
  });

  it.each(['', 'a/b', '+', '#', 'a\0b', 'two words', 'x'.repeat(65)])(
    'refuses to name a device %j',
    async (deviceId) => {
      const authority = await startAuthority();
      await expect(authority.issueClient({ deviceId })).rejects.toMatchObject({
        code: 'bad_request',
        field: 'id',
      });
    },
  );
});

describe('signing a request of the device itself', () => {
  it.each<KeyKind>(['P-256', 'P-384', 'Ed25519', 'RSA 2048'])('accepts a %s key', async (kind) => {
    const authority = await startAuthority();
    const { csrPem, keyPem } = await makeRequest(kind);
    const issued = await authority.issueClient({ deviceId: 'plug', csrPem });
    const certificate = new X509Certificate(issued.certificatePem);
    expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(issued.keyPem).toBeUndefined();
    expect(authority.identify(certificate.raw)).toEqual({
      deviceId: 'plug',
      serial: issued.serial,
    });
  });

  it.each(['CN=plug', 'O=Acme, CN=plug, C=DE', 'O=Acme', ''])(
    'does not mind the subject %j, and does not copy it',
    async (subject) => {
      const authority = await startAuthority();
      const { csrPem } = await makeRequest('P-256', subject);
      const { certificatePem } = await authority.issueClient({ deviceId: 'plug', csrPem });
      expect(new X509Certificate(certificatePem).subject).toBe('CN=plug');
    },
  );

  it.each<[string, () => Promise<string>, RegExp]>([
    ['a P-521 key', async () => (await makeRequest('P-521')).csrPem, /curve secp521r1/],
    ['a short RSA key', async () => (await makeRequest('RSA 1024')).csrPem, /1024 bits/],
    [
      'the name of another device',
      async () => (await makeRequest('P-256', 'CN=front-door')).csrPem,
      /common name is "front-door", not "plug"/,
    ],
    [
      'a signature by another key',
      async () => {
        const { der } = await makeRequest();
        der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
        return pem(der);
      },
      /signature does not fit/,
    ],
    [
      'a key that is not the one signed with',
      async () => {
        const [ours, theirs] = [await makeRequest(), await makeRequest()];
        // Both are P-256: SubjectPublicKeyInfo ends 65 bytes after the same header in each.
        const header = Buffer.from('03420004', 'hex');
        const theirKey = theirs.der.subarray(theirs.der.indexOf(header)).subarray(0, 68);
        theirKey.copy(ours.der, ours.der.indexOf(header));
        return pem(ours.der);
      },
      /signature does not fit/,
    ],
    ['no request at all', async () => 'hello', /not a PEM certificate request/],
    ['a certificate', async () => (await startAuthority()).caPem, /not a PEM certificate request/],
    ['nonsense in the armour', async () => pem(Buffer.from('nonsense')), /cannot be read/],
    ['nothing in the armour', async () => pem(Buffer.alloc(0)), /cannot be read/],
    ['more than 16 KB', async () => pem(Buffer.alloc(16 * 1024)), /longer than 16 KB/],
  ])('refuses %s', async (_what, request, message) => {
    const authority = await startAuthority();
    const csrPem = await request();
    await expect(authority.issueClient({ deviceId: 'plug', csrPem })).rejects.toMatchObject({
      code: 'bad_request',
      field: 'csr',
      message: expect.stringMatching(message),
    });
    expect(authority.certificatesOf('plug')).toEqual([]);
  });
});

describe('telling who a certificate names', () => {
  it('knows only what this authority issued and recorded', async () => {
    const [ours, theirs] = [await startAuthority(), await startAuthority()];
    const { certificatePem } = await theirs.issueClient({ deviceId: 'plug' });
    expect(ours.identify(derOf(certificatePem))).toEqual({ refused: 'unknown' });
    expect(ours.identify(derOf(ours.serverCredentials().certificatePem))).toEqual({
      refused: 'unknown',
    });
    expect(ours.identify(derOf(ours.caPem))).toEqual({ refused: 'unknown' });
    expect(ours.identify(new Uint8Array())).toEqual({ refused: 'unknown' });
  });

  it('refuses one that has expired, and never for a clock that runs late', async () => {
    const clock = new ManualClock(march2026);
    const authority = await startAuthority({ clock });
    const { certificatePem, notAfter, serial } = await authority.issueClient({ deviceId: 'plug' });
    const der = derOf(certificatePem);
    for (const atMs of [0, march2026, Date.parse(notAfter)]) {
      clock.step(atMs);
      expect(authority.identify(der), new Date(atMs).toISOString()).toEqual({
        deviceId: 'plug',
        serial,
      });
    }
    clock.step(Date.parse(notAfter) + 1000);
    expect(authority.identify(der)).toEqual({ refused: 'expired', deviceId: 'plug' });
  });
});

describe('revoking', () => {
  it('refuses the one from then on, and leaves the others', async () => {
    const authority = await startAuthority();
    const first = await authority.issueClient({ deviceId: 'plug' });
    const second = await authority.issueClient({ deviceId: 'plug' });
    expect(authority.revoke(first.serial.toLowerCase())).toBe(true);
    expect(authority.revoke(first.serial)).toBe(false);
    expect(authority.revoke('00')).toBe(false);
    expect(authority.identify(derOf(first.certificatePem))).toEqual({
      refused: 'revoked',
      deviceId: 'plug',
    });
    expect(authority.identify(derOf(second.certificatePem))).toMatchObject({ deviceId: 'plug' });
  });

  it('takes all of a device, tells which, and survives a restart', async () => {
    const directory = await temporaryDirectory();
    const db = openMigrated(join(directory, 'hearth.db'));
    const clock = new ManualClock(march2026);
    const before = await startAuthority({ directory, db, clock });
    const plug = [
      await before.issueClient({ deviceId: 'plug' }),
      await before.issueClient({ deviceId: 'plug' }),
    ];
    const lamp = await before.issueClient({ deviceId: 'lamp' });
    expect(before.revokeAll('plug')).toEqual(plug.map(({ serial }) => serial));
    expect(before.revokeAll('plug')).toEqual([]);
    expect(before.revokeAll('nobody')).toEqual([]);

    const after = await startAuthority({ directory, db, clock });
    for (const { certificatePem } of plug) {
      expect(after.identify(derOf(certificatePem))).toMatchObject({ refused: 'revoked' });
    }
    expect(after.identify(derOf(lamp.certificatePem))).toMatchObject({ deviceId: 'lamp' });
    expect(after.certificatesOf('plug')).toEqual(before.certificatesOf('plug'));
    expect(after.certificatesOf('plug')[0]).toMatchObject({
      serial: plug[0]?.serial,
      deviceId: 'plug',
      fingerprint256: plug[0]?.fingerprint256,
      notBefore: '2026-02-28T00:00:00.000Z',
      notAfter: plug[0]?.notAfter,
      issuedAt: '2026-03-01T00:00:00.000Z',
      revokedAt: '2026-03-01T00:00:00.000Z',
    });
  });
});

function pem(der: Buffer): string {
  const body = der.toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
}
