import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Authority } from '#pki';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { startAuthority } from '../support/pki.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const march2026 = Date.UTC(2026, 2, 1);

const certificateOf = (authority: Authority) =>
  new X509Certificate(authority.serverCredentials().certificatePem);

/** Resolves when the authority next has a new server certificate. */
const reissue = (authority: Authority) =>
  new Promise<void>((resolve) => authority.onServerCertificate.listen(resolve));

it('stands for every name and address it is given, and for nobody else', async () => {
  const authority = await startAuthority({
    localNames: () => ['Hub', 'hub.local', 'localhost', '127.0.0.1', '::1', '192.168.1.5'],
    extraNames: ['hub.example.org', '2001:DB8::5'],
  });
  const certificate = certificateOf(authority);
  for (const host of ['hub', 'hub.local', 'localhost', 'hub.example.org']) {
    expect(certificate.checkHost(host), host).toBe(host);
  }
  for (const address of ['127.0.0.1', '::1', '192.168.1.5', '2001:db8::5']) {
    expect(certificate.checkIP(address), address).toBe(address);
  }
  expect(certificate.checkHost('other')).toBeUndefined();
  expect(certificate.checkIP('192.168.1.6')).toBeUndefined();
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});

it('lasts no longer than browsers and Apple accept', async () => {
  const certificate = certificateOf(await startAuthority());
  const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / dayMs;
  expect(days).toBeLessThanOrEqual(397);
  expect(days).toBeGreaterThan(390);
});

it('refuses to start with a name that no certificate can carry', async () => {
  await expect(startAuthority({ extraNames: ['https://hub'] })).rejects.toMatchObject({
    code: 'bad_config',
    field: 'https.names',
  });
});

describe('while the hub runs', () => {
  it('is made anew within a minute of an address changing, and says so', async () => {
    const clock = new ManualClock(march2026);
    let names = ['localhost', '192.168.1.5'];
    const authority = await startAuthority({ clock, localNames: () => names });
    const before = authority.serverCredentials();
    names = ['localhost', '192.168.1.77'];
    const reissued = reissue(authority);
    clock.advance(minuteMs);
    await reissued;
    expect(authority.serverCredentials().keyPem).not.toBe(before.keyPem);
    expect(certificateOf(authority).checkIP('192.168.1.77')).toBe('192.168.1.77');
    expect(certificateOf(authority).checkIP('192.168.1.5')).toBeUndefined();
  });

  it('is left alone for as long as nothing changes', async () => {
    const clock = new ManualClock(march2026);
    let asked = 0;
    const localNames = () => [...(++asked % 2 ? ['a', 'b'] : ['b', 'a']), 'localhost'];
    const authority = await startAuthority({ clock, localNames });
    const before = authority.serverCredentials();
    clock.advance(60 * minuteMs);
    await authority.stop();
    expect(asked).toBe(61);
    expect(authority.serverCredentials()).toBe(before);
  });

  it('is renewed when it has less than thirty days left', async () => {
    const clock = new ManualClock(march2026);
    const authority = await startAuthority({ clock });
    const firstEnd = certificateOf(authority).validToDate.getTime();
    clock.step(firstEnd - 31 * dayMs);
    const reissued = reissue(authority);
    clock.advance(minuteMs);
    clock.step(firstEnd - 29 * dayMs);
    clock.advance(minuteMs);
    await reissued;
    expect(certificateOf(authority).validToDate.getTime()).toBe(
      firstEnd - 29 * dayMs + minuteMs + 396 * dayMs,
    );
  });

  it('is made anew once a clock that ran ahead is set right', async () => {
    const clock = new ManualClock(march2026);
    let names = ['localhost'];
    const authority = await startAuthority({ clock, localNames: () => names });
    names = ['localhost', 'hub'];
    clock.step(Date.UTC(2061, 0, 1));
    const ahead = reissue(authority);
    clock.advance(minuteMs);
    await ahead;
    clock.step(march2026 + dayMs);
    const right = reissue(authority);
    clock.advance(minuteMs);
    await right;
    expect(certificateOf(authority).validFromDate.getTime()).toBe(march2026 + minuteMs);
  });

  it('keeps the old one when the new one cannot be written, and tries again', async () => {
    const clock = new ManualClock(march2026);
    const directory = await temporaryDirectory();
    let names = ['localhost'];
    let full = false;
    const localNames = () => {
      if (full) throw new Error('no interfaces');
      return names;
    };
    const authority = await startAuthority({ clock, directory, localNames });
    const before = authority.serverCredentials();
    full = true;
    clock.advance(minuteMs);
    expect(authority.serverCredentials()).toBe(before);
    full = false;
    names = ['localhost', 'hub'];
    const reissued = reissue(authority);
    clock.advance(minuteMs);
    await reissued;
    expect(certificateOf(authority).checkHost('hub')).toBe('hub');
  });
});

describe('at a restart', () => {
  it.each<[string, string]>([
    ['is gone to zeros', '\0'.repeat(500)],
    ['is empty', ''],
    ['was cut off', '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49'],
    [
      'holds nonsense',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ],
  ])('is made anew when its file %s', async (_what, contents) => {
    const directory = await temporaryDirectory();
    await startAuthority({ directory });
    await writeFile(join(directory, 'server.pem'), contents);
    const certificate = certificateOf(await startAuthority({ directory }));
    expect(certificate.checkHost('localhost')).toBe('localhost');
  });

  it('is made anew when the authority is another', async () => {
    const directory = await temporaryDirectory();
    await startAuthority({ directory });
    const other = await temporaryDirectory();
    await startAuthority({ directory: other });
    const { rename } = await import('node:fs/promises');
    await rename(join(other, 'server.pem'), join(directory, 'server.pem'));
    const authority = await startAuthority({ directory });
    const root = new X509Certificate(authority.caPem);
    expect(certificateOf(authority).verify(root.publicKey)).toBe(true);
  });

  it('is kept when the clock has fallen back to 1970, with a new address too', async () => {
    const directory = await temporaryDirectory();
    await startAuthority({ directory, clock: new ManualClock(march2026) });
    const localNames = () => ['localhost', '10.0.0.9'];
    const authority = await startAuthority({ directory, localNames, clock: new ManualClock(0) });
    const certificate = certificateOf(authority);
    expect(certificate.checkIP('10.0.0.9')).toBe('10.0.0.9');
    expect(certificate.validFromDate.getTime()).toBe(march2026 - dayMs);
    expect(certificate.validToDate.getTime()).toBe(march2026 + 396 * dayMs);
  });
});
