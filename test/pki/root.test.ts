import { X509Certificate } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { startAuthority } from '../support/pki.ts';

const dayMs = 86_400_000;

it('makes an authority that signs certificates, and nothing below itself', async () => {
  const authority = await startAuthority();
  const root = new X509Certificate(authority.caPem);
  expect(root.ca).toBe(true);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(root.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(root.subject).toMatch(/^O=Hearth\nCN=Hearth CA [0-9A-F]{8}$/);
  expect(authority.caFingerprint).toBe(root.fingerprint256);
  const years = (root.validToDate.getTime() - root.validFromDate.getTime()) / (365.25 * dayMs);
  expect(years).toBeCloseTo(20, 1);
});

it('marks the extensions of the authority as RFC 5280 asks', async () => {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const root = new x509.X509Certificate((await startAuthority()).caPem);
  const constraints = root.getExtension(x509.BasicConstraintsExtension);
  expect(constraints).toMatchObject({ ca: true, pathLength: 0, critical: true });
  const usages = root.getExtension(x509.KeyUsagesExtension);
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  expect(usages).toMatchObject({ usages: keyCertSign | cRLSign, critical: true });
  expect(root.getExtension(x509.SubjectKeyIdentifierExtension)?.critical).toBe(false);
});

it('gives its serials 126 random bits, positive and no longer than 20 octets', async () => {
  const authority = await startAuthority();
  const serials = new Set<string>();
  for (let i = 0; i < 20; i++) {
    serials.add((await authority.issueClient({ deviceId: 'plug' })).serial);
  }
  expect(serials.size).toBe(20);
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
});

it('keeps its keys to the owner of the process', async () => {
  const directory = join(await temporaryDirectory(), 'pki');
  await startAuthority({ directory });
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await modeOf(directory)).toBe(0o700);
  expect(await modeOf(join(directory, 'ca.key.sealed'))).toBe(0o600);
  expect(await modeOf(join(directory, 'server.pem'))).toBe(0o600);
  expect(await modeOf(join(directory, 'ca.crt'))).toBe(0o644);
});

it('is the same authority after a restart', async () => {
  const directory = await temporaryDirectory();
  const before = await startAuthority({ directory });
  const after = await startAuthority({ directory });
  expect(after.caPem).toBe(before.caPem);
  expect(after.serverCredentials()).toEqual(before.serverCredentials());
});

it('finishes a first start that was cut off between key and certificate', async () => {
  const directory = await temporaryDirectory();
  const before = await startAuthority({ directory });
  await rm(join(directory, 'ca.crt'));
  await writeFile(join(directory, 'ca.crt.tmp'), 'half of a certifica');
  const after = await startAuthority({ directory });
  const server = new X509Certificate(before.serverCredentials().certificatePem);
  expect(server.checkIssued(new X509Certificate(after.caPem))).toBe(true);
  expect(server.verify(new X509Certificate(after.caPem).publicKey)).toBe(true);
});

it.each<[string, (directory: string, other: string) => Promise<void>, RegExp]>([
  [
    'a certificate without its key',
    (directory) => rm(join(directory, 'ca.key.sealed')),
    /ca\.crt has no key beside it/,
  ],
  [
    'the key of another authority',
    (directory, other) => takeOver(directory, other),
    /ca\.crt is not the certificate of .*ca\.key\.sealed/,
  ],
  [
    'a certificate that is not its own',
    (directory, other) => rename(join(other, 'ca.crt'), join(directory, 'ca.crt')),
    /ca\.crt is not the certificate of .*ca\.key\.sealed/,
  ],
  [
    'a damaged key',
    (directory) => writeFile(join(directory, 'ca.key.sealed'), '\0\0\0'),
    /a secret cannot be opened \(pki\.ca\)/,
  ],
  [
    'a damaged certificate',
    (directory) => writeFile(join(directory, 'ca.crt'), ''),
    /ca\.crt cannot be read/,
  ],
])('refuses to start with %s, and changes nothing', async (_what, damage, message) => {
  const [directory, other] = [await temporaryDirectory(), await temporaryDirectory()];
  await startAuthority({ directory });
  await startAuthority({ directory: other });
  await damage(directory, other);
  const read = () => readFile(join(directory, 'ca.crt'), 'utf8').catch(() => undefined);
  const before = await read();
  await expect(startAuthority({ directory })).rejects.toMatchObject({
    code: 'data_directory',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('Restore'),
  });
  expect(await read()).toBe(before);
});

it('makes an authority that is valid today even when the clock has not been set', async () => {
  const authority = await startAuthority({ clock: new ManualClock(0) });
  const root = new X509Certificate(authority.caPem);
  const server = new X509Certificate(authority.serverCredentials().certificatePem);
  const thisHearth = Date.UTC(2026, 0, 1);
  expect(root.validFromDate.getTime()).toBe(thisHearth - dayMs);
  expect(root.validToDate.getTime()).toBeGreaterThan(Date.UTC(2045, 0, 1));
  expect(server.validToDate.getTime()).toBeGreaterThan(thisHearth + 300 * dayMs);
});

/** The key of another authority that this vault opens: its key file came along. */
async function takeOver(directory: string, other: string): Promise<void> {
  for (const name of ['ca.key.sealed', 'hearth.key']) {
    await rename(join(other, name), join(directory, name));
  }
}
