import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Authority } from '#pki';
import { ManualClock } from '../support/clock.ts';
import { runProgram } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { itWith } from '../support/peers.ts';
import { openMigrated, startAuthority } from '../support/pki.ts';

const hourMs = 3_600_000;
const march2026 = Date.UTC(2026, 2, 1);

/** What @peculiar/x509, which did not write it, reads in a list. */
async function read(der: Buffer) {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const list = new x509.X509Crl(der);
  const extension = list.getExtension('2.5.29.20');
  const asn1 = Buffer.from(extension?.value ?? new ArrayBuffer(0));
  return {
    number: Number.parseInt(asn1.subarray(2).toString('hex'), 16),
    serials: list.entries.map(({ serialNumber }) => serialNumber.toUpperCase()),
    thisUpdateMs: list.thisUpdate.getTime(),
    nextUpdateMs: list.nextUpdate?.getTime(),
    fits: async (authority: Authority) =>
      list.verify({ publicKey: new x509.X509Certificate(authority.caPem).publicKey }),
  };
}

describe('the list of revoked certificates', () => {
  it('names what was revoked and nothing else, and lasts a week', async () => {
    const clock = new ManualClock(march2026);
    const authority = await startAuthority({ clock });
    const gone = await authority.issueClient({ deviceId: 'plug' });
    await authority.issueClient({ deviceId: 'lamp' });
    authority.revoke(gone.serial);
    const list = await read(await authority.revocationList());
    expect(list).toMatchObject({ number: 1, serials: [gone.serial], thisUpdateMs: march2026 });
    expect(list.nextUpdateMs).toBe(march2026 + 7 * 24 * hourMs);
    expect(await list.fits(authority)).toBe(true);
  });

  it('is the same one until something is revoked or a day has passed; its number only rises', async () => {
    const clock = new ManualClock(march2026);
    const directory = await temporaryDirectory();
    const db = openMigrated(join(directory, 'hearth.db'));
    const at = { clock, db, directory: join(directory, 'pki') };
    const authority = await startAuthority(at);
    const first = await authority.revocationList();
    clock.advance(23 * hourMs);
    expect(await authority.revocationList()).toEqual(first);
    expect(await (await startAuthority(at)).revocationList()).toEqual(first);
    const { serial } = await authority.issueClient({ deviceId: 'plug' });
    authority.revoke(serial);
    expect(await read(await authority.revocationList())).toMatchObject({
      number: 2,
      serials: [serial],
    });
    clock.advance(24 * hourMs);
    expect(await read(await authority.revocationList())).toMatchObject({ number: 3 });
    const again = await startAuthority(at);
    await again.rotate();
    const rotated = await read(await again.revocationList());
    expect(rotated).toMatchObject({ number: 4, serials: [serial] });
    expect(await rotated.fits(again)).toBe(true);
  });

  it('is signed once for a crowd that asks at once', async () => {
    const authority = await startAuthority();
    const lists = await Promise.all(Array.from({ length: 20 }, () => authority.revocationList()));
    expect(new Set(lists.map((list) => list.toString('hex'))).size).toBe(1);
    expect(await read(lists[0] ?? Buffer.of())).toMatchObject({ number: 1 });
  });

  it('is dated believably while the clock has not been set', async () => {
    const authority = await startAuthority({ clock: new ManualClock(0) });
    const { thisUpdateMs } = await read(await authority.revocationList());
    expect(thisUpdateMs).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 1));
  });
});

const test = itWith('openssl');

describe('openssl', () => {
  /** The authority's files in a folder, and `openssl` there. */
  async function folder(authority: Authority) {
    const directory = await temporaryDirectory();
    const save = (name: string, contents: string | Buffer) =>
      writeFile(join(directory, name), contents);
    await save('ca.crt', authority.caPem);
    await save('ca.crl', await authority.revocationList());
    const openssl = (...args: string[]) => runProgram('openssl', args);
    return { save, openssl, at: (name: string) => join(directory, name) };
  }

  test('takes the list for what it is, before anything was revoked and after', async () => {
    const authority = await startAuthority();
    for (const count of [0, 1, 300]) {
      for (let i = 0; i < count; i++) await authority.issueClient({ deviceId: 'plug' });
      authority.revokeAll('plug');
      const { openssl, at } = await folder(authority);
      const args = [
        'crl',
        '-inform',
        'DER',
        '-in',
        at('ca.crl'),
        '-CAfile',
        at('ca.crt'),
        '-noout',
      ];
      const shown = await openssl(...args, '-text');
      expect(shown.errors).toContain('verify OK');
      expect(shown.output).toMatch(/Version 2 \(0x1\)/);
      expect(shown.output).toMatch(/X509v3 CRL Number/);
      if (count === 0) expect(shown.output).toContain('No Revoked Certificates');
    }
  });

  test('refuses a certificate that is on it, and takes one that is not', async () => {
    const authority = await startAuthority();
    const gone = await authority.issueClient({ deviceId: 'plug' });
    const kept = await authority.issueClient({ deviceId: 'lamp' });
    authority.revoke(gone.serial);
    const { openssl, save, at } = await folder(authority);
    await save('gone.crt', gone.certificatePem);
    await save('kept.crt', kept.certificatePem);
    await openssl('crl', '-inform', 'DER', '-in', at('ca.crl'), '-out', at('ca.crl.pem'));
    const verify = (name: string) =>
      openssl(
        ...['verify', '-crl_check', '-CRLfile', at('ca.crl.pem')],
        ...['-CAfile', at('ca.crt'), at(name)],
      );
    expect(await verify('kept.crt')).toMatchObject({ code: 0 });
    expect((await verify('gone.crt')).errors).toContain('certificate revoked');
  });

  test('checks the server against it in an overlap, through the old authority alone too', async () => {
    const authority = await startAuthority();
    const oldCa = authority.caPem;
    await authority.rotate();
    const { openssl, save, at } = await folder(authority);
    const [leaf = '', link = ''] = authority
      .serverCredentials()
      .certificatePem.split(/(?=-----BEGIN)/);
    const newCa = authority.caPem.replace(oldCa, '');
    const files = { 'old.crt': oldCa, 'new.crt': newCa, 'leaf.crt': leaf, 'link.crt': link };
    for (const [name, pem] of Object.entries(files)) await save(name, pem);
    await openssl('crl', '-inform', 'DER', '-in', at('ca.crl'), '-out', at('ca.crl.pem'));
    for (const ca of ['old.crt', 'new.crt']) {
      const verified = await openssl(
        ...['verify', '-crl_check', '-CRLfile', at('ca.crl.pem'), '-CAfile', at(ca)],
        ...['-untrusted', at('link.crt'), at('leaf.crt')],
      );
      expect(verified, ca).toMatchObject({ code: 0 });
    }
  });

  test('finds the address of the list in the server certificate', async () => {
    const authority = await startAuthority({
      crlPort: 8080,
      localNames: () => ['hub', 'hub.local', 'localhost', '192.168.1.5'],
    });
    const shown = execFileSync('openssl', ['x509', '-noout', '-ext', 'crlDistributionPoints'], {
      input: authority.serverCredentials().certificatePem,
      encoding: 'utf8',
    });
    expect(shown).toContain('URI:http://hub.local:8080/ca.crl');
  });
});

it('makes a server certificate anew that names no list, or names it elsewhere', async () => {
  const directory = await temporaryDirectory();
  const before = await startAuthority({ directory });
  const named = await startAuthority({ directory, crlPort: 8080 });
  expect(named.serverCredentials()).not.toEqual(before.serverCredentials());
  const same = await startAuthority({ directory, crlPort: 8080 });
  expect(same.serverCredentials()).toEqual(named.serverCredentials());
  const moved = await startAuthority({ directory, crlPort: 8090 });
  expect(moved.serverCredentials()).not.toEqual(named.serverCredentials());
});
