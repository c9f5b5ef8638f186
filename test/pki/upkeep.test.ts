import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '#pki';
import { expiring, replaced } from '../../src/pki/upkeep.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { openMigrated, startAuthority } from '../support/pki.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2030, 5, 1);
const daysAgo = (days: number) => nowMs - days * dayMs;
const inDays = (days: number) => new Date(nowMs + days * dayMs).toISOString();

const certificate = (
  serial: string,
  given: Partial<CertificateRecord> = {},
): CertificateRecord => ({
  serial,
  deviceId: 'plug',
  fingerprint256: serial,
  notBefore: inDays(-3000),
  notAfter: inDays(600),
  issuedAt: inDays(-3000),
  revokedAt: undefined,
  authorityKey: 'a',
  ...given,
});

const used = (days: number) => ({ firstUsedAtMs: daysAgo(days) });

describe('a certificate that was renewed', () => {
  it.each<[string, readonly CertificateRecord[], readonly string[]]>([
    ['stays while nothing took its place', [certificate('old', used(900))], []],
    [
      'stays while its successor has not been used',
      [certificate('old', { ...used(900), renewedBy: 'new' }), certificate('new')],
      [],
    ],
    [
      'stays for a week after its successor was first used',
      [certificate('old', { ...used(900), renewedBy: 'new' }), certificate('new', used(6.9))],
      [],
    ],
    [
      'goes then',
      [certificate('old', { ...used(900), renewedBy: 'new' }), certificate('new', used(7))],
      ['old'],
    ],
    [
      'goes with successors whose answers were lost',
      [
        certificate('old', { renewedBy: 'new' }),
        certificate('lost', { renewedBy: 'new' }),
        certificate('new', used(8)),
      ],
      ['old', 'lost'],
    ],
    [
      'goes when only the successor of its successor was used',
      [
        certificate('old', { renewedBy: 'middle' }),
        certificate('middle', { renewedBy: 'new' }),
        certificate('new', used(8)),
      ],
      ['old', 'middle'],
    ],
    [
      'goes once',
      [
        certificate('old', { renewedBy: 'new', revokedAt: inDays(-1) }),
        certificate('new', used(9)),
      ],
      [],
    ],
    ['that took its own place ends no loop', [certificate('odd', { renewedBy: 'odd' })], []],
  ])('%s', (_what, records, expected) => {
    expect(replaced(records, nowMs).map(({ serial }) => serial)).toEqual(expected);
  });
});

describe('somebody is told of a certificate', () => {
  it.each<[string, readonly CertificateRecord[], readonly string[]]>([
    [
      'thirty days before it ends',
      [certificate('it', { ...used(900), notAfter: inDays(30) })],
      ['it'],
    ],
    ['and not sooner', [certificate('it', { ...used(900), notAfter: inDays(30.01) })], []],
    ['also when it has ended', [certificate('it', { ...used(900), notAfter: inDays(-5) })], ['it']],
    ['only once', [certificate('it', { ...used(900), notAfter: inDays(3), warnedAtMs: 1 })], []],
    ['unless it is not in use', [certificate('it', { notAfter: inDays(3) })], []],
    [
      'unless it was revoked',
      [certificate('it', { ...used(9), notAfter: inDays(3), revokedAt: inDays(-1) })],
      [],
    ],
    [
      'unless another is in use that lasts',
      [certificate('it', { ...used(900), notAfter: inDays(3) }), certificate('new', used(1))],
      [],
    ],
    [
      'if the other is not in use',
      [certificate('it', { ...used(900), notAfter: inDays(3) }), certificate('new')],
      ['it'],
    ],
    [
      'whatever other devices have',
      [
        certificate('it', { ...used(900), notAfter: inDays(3) }),
        certificate('new', { ...used(1), deviceId: 'lamp' }),
      ],
      ['it'],
    ],
  ])('%s', (_what, records, expected) => {
    expect(expiring(records, nowMs).map(({ serial }) => serial)).toEqual(expected);
  });
});

it('remembers over a restart what was used, renewed and told', async () => {
  const clock = new ManualClock(nowMs);
  const directory = await temporaryDirectory();
  const at = { clock, directory, db: openMigrated(join(directory, 'hearth.db')) };
  const authority = await startAuthority(at);
  const old = await authority.issueClient({ deviceId: 'plug' });
  const lost = await authority.issueClient({ deviceId: 'plug', renews: old.serial });
  const fresh = await authority.issueClient({ deviceId: 'plug', renews: old.serial });
  const der = new X509Certificate(fresh.certificatePem).raw;
  expect(authority.firstUse(der)).toBe(fresh.serial);
  authority.markUsed([fresh.serial]);
  expect(authority.firstUse(der)).toBeUndefined();
  clock.advance(7 * dayMs);
  const again = await startAuthority(at);
  expect(again.firstUse(der)).toBeUndefined();
  expect(again.revokeReplaced().sort()).toEqual([old.serial, lost.serial].sort());
  clock.step(Date.parse(fresh.notAfter) - 10 * dayMs);
  expect(again.expiring().map(({ serial }) => serial)).toEqual([fresh.serial]);
  again.markWarned([fresh.serial]);
  expect((await startAuthority(at)).expiring()).toEqual([]);
});
