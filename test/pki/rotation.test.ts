import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Authority } from '#pki';
import { CaKey } from '../../src/pki/ca-key.ts';
import { runProgram } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { itWith } from '../support/peers.ts';
import { openMigrated, openVault, startAuthority } from '../support/pki.ts';

interface Shown {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Whom a server that is set up as our listeners are sees in a client, or why the client is out. */
async function visit(authority: Authority, { ca, cert, key }: Shown): Promise<unknown> {
  const { certificatePem, keyPem } = authority.serverCredentials();
  const server = createServer({
    cert: certificatePem,
    key: keyPem,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen = once(server, 'secureConnection');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, cert, key });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  try {
    await once(client, 'secureConnect');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  const [socket] = (await seen) as [TLSSocket];
  return socket.authorized
    ? authority.identify(socket.getPeerCertificate().raw)
    : socket.authorizationError;
}

const newDevice = async (authority: Authority, deviceId: string) => {
  const { certificatePem, keyPem = '', serial } = await authority.issueClient({ deviceId });
  return { cert: certificatePem, key: keyPem, serial };
};

describe('an overlap of two authorities', () => {
  it('lets in devices of both, whichever of the two they trust', async () => {
    const authority = await startAuthority();
    const oldCa = authority.caPem;
    const old = await newDevice(authority, 'old-plug');
    await authority.rotate();
    const newCa = authority.caPem.replace(oldCa, '');
    expect(new X509Certificate(newCa).fingerprint256).toBe(authority.caFingerprint);
    const fresh = await newDevice(authority, 'new-plug');
    for (const ca of [oldCa, newCa, authority.caPem]) {
      for (const device of [old, fresh]) {
        expect(await visit(authority, { ca, ...device })).toMatchObject({ serial: device.serial });
      }
    }
  });

  it('keeps the name, so that the link between the two is self-issued', async () => {
    const authority = await startAuthority();
    const before = new X509Certificate(authority.caPem);
    await authority.rotate();
    const chain = authority.serverCredentials().certificatePem;
    const link = new X509Certificate(`-----BEGIN${chain.split('-----BEGIN')[2]}`);
    expect(link.subject).toBe(before.subject);
    expect(link.issuer).toBe(before.subject);
    expect(link.verify(before.publicKey)).toBe(true);
    expect(new X509Certificate(authority.caPem).subject).toBe(before.subject);
    expect(new X509Certificate(authority.caPem).publicKey.equals(before.publicKey)).toBe(false);
  });

  it('hands out the four certificates of RFC 4210 §4.4, each signed by whom it says', async () => {
    const authority = await startAuthority();
    const old = new X509Certificate(authority.caPem);
    await authority.rotate();
    const fresh = new X509Certificate(authority.caPem);
    const pairs = authority.caCertificates.map((der) => {
      const certificate = new X509Certificate(Buffer.from(der));
      const of = certificate.publicKey.equals(fresh.publicKey) ? 'New' : 'Old';
      const by = certificate.verify(fresh.publicKey) ? 'New' : 'Old';
      expect(certificate.verify((by === 'New' ? fresh : old).publicKey)).toBe(true);
      return `${of}With${by}`;
    });
    expect(pairs.sort()).toEqual(['NewWithNew', 'NewWithOld', 'OldWithNew', 'OldWithOld']);
  });

  it('cannot be begun twice, and outlasts a restart', async () => {
    const directory = await temporaryDirectory();
    const db = openMigrated(join(directory, 'hearth.db'));
    const before = await startAuthority({ directory, db });
    const old = await newDevice(before, 'old-plug');
    const oldCa = before.caPem;
    await before.rotate();
    await expect(before.rotate()).rejects.toMatchObject({ code: 'conflict' });
    const after = await startAuthority({ directory, db });
    expect(after.caPem).toBe(before.caPem);
    expect(after.serverCredentials()).toEqual(before.serverCredentials());
    expect(after.state()).toEqual(before.state());
    expect(await visit(after, { ca: oldCa, ...old })).toMatchObject({ deviceId: 'old-plug' });
  });

  it('tells listeners, and names the devices that are left', async () => {
    const authority = await startAuthority();
    await newDevice(authority, 'old-plug');
    await newDevice(authority, 'renewed');
    await newDevice(authority, 'revoked');
    authority.revokeAll('revoked');
    let told = 0;
    authority.onServerCertificate.listen(() => {
      told += 1;
    });
    await authority.rotate();
    expect(told).toBe(1);
    await newDevice(authority, 'renewed');
    expect(authority.state().previous?.devices).toEqual(['old-plug']);
  });
});

describe('the end of an overlap', () => {
  it('waits for devices that would be shut out', async () => {
    const authority = await startAuthority();
    await newDevice(authority, 'old-plug');
    await authority.rotate();
    await expect(authority.finishRotation()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('old-plug'),
    });
    await newDevice(authority, 'old-plug');
    expect(await authority.finishRotation()).toEqual([]);
  });

  it('trusts the new one alone; with force it shuts out who is left, and says so', async () => {
    const authority = await startAuthority();
    const oldCa = authority.caPem;
    const old = await newDevice(authority, 'old-plug');
    await authority.rotate();
    const fresh = await newDevice(authority, 'new-plug');
    const voided: string[] = [];
    authority.onVoided.listen(({ deviceId }) => voided.push(deviceId));
    expect(await authority.finishRotation({ force: true })).toEqual(['old-plug']);
    expect(voided).toEqual(['old-plug']);
    const ca = authority.caPem;
    expect(authority.caCertificates).toHaveLength(1);
    expect(await visit(authority, { ca, ...fresh })).toMatchObject({ deviceId: 'new-plug' });
    expect(await visit(authority, { ca: oldCa, ...fresh })).toMatch(/UNABLE_TO|SELF_SIGNED/);
    expect(await visit(authority, { ca, ...old })).toMatch(/UNABLE_TO|SIGNATURE/);
    const der = new X509Certificate(old.cert).raw;
    expect(authority.identify(der)).toEqual({ refused: 'revoked', deviceId: 'old-plug' });
    await expect(authority.finishRotation()).rejects.toMatchObject({ code: 'conflict' });
    await authority.rotate();
    expect(authority.state().previous).toBeDefined();
  });
});

describe('a power cut on the way', () => {
  /** The folder before and after a rotation, from which each moment in between is put together. */
  async function moments() {
    const base = await temporaryDirectory();
    const db = openMigrated(join(base, 'hearth.db'));
    const [before, after, cut] = ['before', 'after', 'cut'].map((name) => join(base, name));
    if (!before || !after || !cut) throw new Error('no folders');
    const vault = await openVault(base);
    const authority = await startAuthority({ directory: before, db, vault });
    const old = await newDevice(authority, 'old-plug');
    const oldCa = authority.caPem;
    await authority.stop();
    await cp(before, after, { recursive: true });
    const rotated = await startAuthority({ directory: after, db, vault });
    await rotated.rotate();
    const newCa = rotated.caPem.replace(oldCa, '');
    await rotated.stop();
    await cp(before, cut, { recursive: true });
    const take = (name: string, as = name) => cp(join(after, name), join(cut, as));
    return { db, vault, after, cut, take, old, oldCa, newCa };
  }
  type Moment = Awaited<ReturnType<typeof moments>>;

  it.each<[string, 'old' | 'new', (moment: Moment) => Promise<void>]>([
    [
      'while the next key was written',
      'old',
      ({ cut }) => writeFile(join(cut, 'ca.key.next.tmp'), 'hs1.half'),
    ],
    ['after the next key was', 'old', ({ take }) => take('ca.key.sealed', 'ca.key.next')],
    [
      'while the certificates were written',
      'old',
      async ({ take, cut }) => {
        await take('ca.key.sealed', 'ca.key.next');
        await writeFile(join(cut, 'ca.crt.tmp'), '-----BEGIN CERT');
      },
    ],
    [
      'after the certificates were',
      'new',
      async ({ take }) => {
        await take('ca.key.sealed', 'ca.key.next');
        await take('ca.crt');
      },
    ],
    [
      'after the next key took its place',
      'new',
      async ({ take }) => {
        await take('ca.key.sealed');
        await take('ca.crt');
      },
    ],
  ])('%s leaves an authority that works: the %s one', async (_when, which, arrange) => {
    const moment = await moments();
    await arrange(moment);
    const { cut, db, vault, old, oldCa, newCa } = moment;
    await (await startAuthority({ directory: cut, db, vault })).stop();
    // What the first start put right is right for good.
    const authority = await startAuthority({ directory: cut, db, vault });
    expect(authority.caPem).toBe(which === 'old' ? oldCa : newCa + oldCa);
    const fresh = await newDevice(authority, 'new-plug');
    for (const ca of which === 'old' ? [oldCa] : [oldCa, newCa]) {
      for (const device of [old, fresh]) {
        expect(await visit(authority, { ca, ...device })).toMatchObject({ serial: device.serial });
      }
    }
    const left = (await readdir(cut)).filter((name) => !name.endsWith('.tmp')).sort();
    expect(left).toEqual(['ca.crt', 'ca.key.sealed', 'server.pem']);
    if (which === 'old') await authority.rotate();
    await authority.finishRotation({ force: true });
    const last = await newDevice(authority, 'last-plug');
    const seen = await visit(authority, { ca: authority.caPem, ...last });
    expect(seen).toMatchObject({ deviceId: 'last-plug' });
  });

  it('between the register and the file of a finish leaves an overlap to finish again', async () => {
    const { after, db, vault } = await moments();
    const authority = await startAuthority({ directory: after, db, vault });
    // The register first: what a cut leaves is exactly this.
    authority.revokeAll('old-plug');
    await authority.stop();
    const again = await startAuthority({ directory: after, db, vault });
    expect(again.state().previous?.devices).toEqual([]);
    expect(await again.finishRotation()).toEqual([]);
  });

  it('or a full disk in the middle is no obstacle to trying again, nor to new keys of the vault', async () => {
    const base = await temporaryDirectory();
    const vault = await openVault(base);
    const at = { directory: join(base, 'pki'), vault, db: openMigrated(join(base, 'hearth.db')) };
    const authority = await startAuthority(at);
    vault.register('pki', (reseal) => authority.reseal(reseal));
    const oldCa = authority.caPem;
    const old = await newDevice(authority, 'old-plug');
    vi.spyOn(CaKey.prototype, 'promoteNext').mockRejectedValueOnce(new Error('disk full'));
    await expect(authority.rotate()).rejects.toThrow('disk full');
    expect(authority.caPem).toBe(oldCa);
    expect(await visit(authority, { ca: oldCa, ...old })).toMatchObject({ deviceId: 'old-plug' });
    await vault.rotate();
    await authority.rotate();
    const fresh = await newDevice(authority, 'new-plug');
    await authority.stop();
    const again = await startAuthority(at);
    expect(again.caPem).toBe(authority.caPem);
    for (const device of [old, fresh]) {
      expect(await visit(again, { ca: oldCa, ...device })).toMatchObject({ serial: device.serial });
    }
  });

  it('never mixes two authorities that do not vouch for each other', async () => {
    const { after, db, vault } = await moments();
    const other = join(await temporaryDirectory(), 'pki');
    await (await startAuthority({ directory: other, vault })).rotate();
    const split = async (directory: string) =>
      (await readFile(join(directory, 'ca.crt'), 'utf8')).split(/(?=-----BEGIN)/);
    const [ours = ''] = await split(after);
    const [, ...theirs] = await split(other);
    await writeFile(join(after, 'ca.crt'), [ours, ...theirs].join(''));
    await expect(startAuthority({ directory: after, db, vault })).rejects.toMatchObject({
      code: 'data_directory',
      message: expect.stringContaining('do not vouch'),
    });
  });
});

const test = itWith('openssl');

describe('openssl', () => {
  test('verifies the server through either authority, strictly', async () => {
    const directory = await temporaryDirectory();
    const authority = await startAuthority();
    const oldCa = authority.caPem;
    await authority.rotate();
    const [leaf = '', link = ''] = authority
      .serverCredentials()
      .certificatePem.split(/(?=-----BEGIN)/);
    const files = {
      'old.crt': oldCa,
      'new.crt': authority.caPem.replace(oldCa, ''),
      'leaf.crt': leaf,
      'link.crt': link,
    };
    for (const [name, pem] of Object.entries(files)) await writeFile(join(directory, name), pem);
    const verify = (ca: string) =>
      runProgram('openssl', [
        'verify',
        '-x509_strict',
        ...['-CAfile', join(directory, ca), '-untrusted', join(directory, 'link.crt')],
        ...['-purpose', 'sslserver', join(directory, 'leaf.crt')],
      ]);
    expect(await verify('old.crt')).toMatchObject({ code: 0 });
    expect(await verify('new.crt')).toMatchObject({ code: 0 });
  });
});
