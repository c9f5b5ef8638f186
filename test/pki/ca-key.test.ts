import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '#kernel';
import type { Authority } from '#pki';
import { Secrets } from '#secrets';
import { temporaryDirectory } from '../support/directory.ts';
import { openMigrated, openVault, startAuthority } from '../support/pki.ts';

/** A folder as a Hearth of before left it: the key in the clear. */
async function olderHub() {
  const base = await temporaryDirectory();
  const directory = join(base, 'pki');
  const vault = await openVault(base);
  const db = openMigrated(join(base, 'hearth.db'));
  const authority = await startAuthority({ directory, db, vault });
  const { certificatePem } = await authority.issueClient({ deviceId: 'plug' });
  await authority.stop();
  const sealed = await readFile(join(directory, 'ca.key.sealed'), 'utf8');
  const keyPem = vault.open('pki.ca', sealed.trim()).toString();
  await rm(join(directory, 'ca.key.sealed'));
  await writeFile(join(directory, 'ca.key'), keyPem, { mode: 0o600 });
  return { base, directory, vault, db, keyPem, sealed, ca: authority.caPem, certificatePem };
}

const signsFor = async (authority: Authority, ca: string) => {
  const { certificatePem } = await authority.issueClient({ deviceId: 'lamp' });
  return new X509Certificate(certificatePem).verify(new X509Certificate(ca).publicKey);
};

describe('the key of the authority', () => {
  it('lies nowhere in the clear', async () => {
    const directory = await temporaryDirectory();
    const vault = await openVault(directory);
    await startAuthority({ directory: join(directory, 'pki'), vault });
    const path = join(directory, 'pki', 'ca.key.sealed');
    const keyPem = vault.open('pki.ca', (await readFile(path, 'utf8')).trim()).toString();
    const scalar = createPrivateKey(keyPem).export({ format: 'jwk' }).d ?? '';
    const secret = Buffer.from(scalar, 'base64url');
    const body = keyPem.split('\n')[1] ?? '';
    for (const name of await readdir(directory, { recursive: true })) {
      const contents = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
      expect(contents.includes(body) || contents.includes(secret), name).toBe(false);
    }
  });

  it('that an older Hearth left in the clear is sealed at the next start, and removed', async () => {
    const { directory, vault, db, ca, certificatePem } = await olderHub();
    const authority = await startAuthority({ directory, vault, db });
    expect(authority.caPem).toBe(ca);
    expect(await signsFor(authority, ca)).toBe(true);
    expect(authority.identify(new X509Certificate(certificatePem).raw)).toMatchObject({
      deviceId: 'plug',
    });
    expect((await readdir(directory)).sort()).toEqual(['ca.crt', 'ca.key.sealed', 'server.pem']);
  });

  it.each<[string, (hub: Awaited<ReturnType<typeof olderHub>>) => Promise<void>]>([
    [
      'between sealing it and removing the old file',
      ({ directory, sealed }) => writeFile(join(directory, 'ca.key.sealed'), sealed),
    ],
    [
      'while it was sealed',
      ({ directory }) => writeFile(join(directory, 'ca.key.sealed.tmp'), 'hs1.half'),
    ],
    [
      'that cost the key file, with the old file restored',
      async ({ directory }) => writeFile(join(directory, 'ca.key.sealed'), 'hs1.abcdefgh.AAAA'),
    ],
  ])('survives a cut %s', async (_when, arrange) => {
    const hub = await olderHub();
    await arrange(hub);
    const authority = await startAuthority(hub);
    expect(await signsFor(authority, hub.ca)).toBe(true);
    expect(await readdir(hub.directory)).not.toContain('ca.key');
    await authority.stop();
    expect(await signsFor(await startAuthority(hub), hub.ca)).toBe(true);
  });

  it('of another authority that lies about is left alone', async () => {
    const { directory, vault, db, sealed, ca } = await olderHub();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(join(directory, 'ca.key.sealed'), sealed);
    await writeFile(join(directory, 'ca.key'), other);
    expect(await signsFor(await startAuthority({ directory, vault, db }), ca)).toBe(true);
    expect(await readFile(join(directory, 'ca.key'), 'utf8')).toBe(other);
  });

  it('is refused without the key file it was sealed with, and says which file to restore', async () => {
    const base = await temporaryDirectory();
    const directory = join(base, 'pki');
    const vault = await openVault(base);
    await (await startAuthority({ directory, vault })).stop();
    await rm(join(base, 'hearth.key'));
    const stranger = await openVault(base);
    await expect(startAuthority({ directory, vault: stranger })).rejects.toMatchObject({
      code: 'data_directory',
      hint: expect.stringContaining('key file'),
    });
  });

  it('is sealed anew when the key of the vault changes', async () => {
    const base = await temporaryDirectory();
    const directory = join(base, 'pki');
    const secrets = await openVault(base);
    const db = openMigrated(join(base, 'hearth.db'));
    const authority = await startAuthority({ directory, vault: secrets, db });
    secrets.register('pki', (reseal) => authority.reseal(reseal));
    const keyId = await secrets.rotate();
    expect(await readFile(join(directory, 'ca.key.sealed'), 'utf8')).toMatch(
      new RegExp(`^hs1\\.${keyId}\\.`),
    );
    await authority.stop();
    const later = new Secrets({ keyPath: join(base, 'hearth.key'), log: silentLog });
    await later.start();
    const again = await startAuthority({ directory, vault: later, db });
    expect(await signsFor(again, authority.caPem)).toBe(true);
  });
});
