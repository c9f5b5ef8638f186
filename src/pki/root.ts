import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, writeFileDurably } from '#kernel';
import { type CaKey, unusable } from './ca-key.ts';
import type { CertifiedKey } from './certificates.ts';
import { believableNowMs, dayMs, type Validity, validityFrom, yearMs } from './time.ts';

/** As long as anything in the house lives; renewing it means visiting every phone and device. */
export const rootLifetimeMs = 20 * yearMs;

/** The authority's own certificate and key, in memory. */
export interface Root extends CertifiedKey {
  readonly certificate: X509Certificate;
  readonly validity: Validity;
  readonly madeMs: number;
  /** SHA-256 of its public key, hex: what it signed is remembered under this. */
  readonly keyId: string;
}

/** The authority that came before, while both are trusted. Its key is gone: it signs no more. */
export interface PreviousRoot {
  readonly certificatePem: string;
  readonly certificate: X509Certificate;
  readonly keyId: string;
  /** The new key signed by the old one: leads whoever trusts the old one to the new one. */
  readonly newWithOldPem: string;
  /** The old key signed by the new one. */
  readonly oldWithNewPem: string;
}

export interface Roots {
  readonly current: Root;
  readonly previous: PreviousRoot | undefined;
}

export const certificatesPathIn = (directory: string): string => join(directory, 'ca.crt');

/**
 * Reads the authority of `directory`, or makes one where there is none. The key is written first
 * and durably: what a crash can leave is a key without a certificate, which is signed again; a
 * certificate that went out is never without its key.
 * @throws HearthError `data_directory` when what is there does not make an authority.
 */
export async function openRoots(directory: string, key: CaKey, nowMs: number): Promise<Roots> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = certificatesPathIn(directory);
  if (!existsSync(path)) {
    const { generateKeyPair, signRoot } = await import('./certificates.ts');
    const orphan = await key.readOrphan();
    const keys = orphan ?? (await generateKeyPair());
    if (orphan === undefined) await key.write(keys.keyPem);
    const validity = validityFrom(believableNowMs(nowMs, []), rootLifetimeMs);
    await writeFileDurably(path, await signRoot(keys, validity), 0o644);
  }
  return readRoots(path, key);
}

/**
 * What `ca.crt` holds: the authority alone, or in an overlap the new one, the old one, NewWithOld
 * and OldWithNew. All in one file, so that one rename moves from one authority to the next.
 */
async function readRoots(path: string, key: CaKey): Promise<Roots> {
  const pems = splitPem(await readFile(path, 'utf8'));
  const [current, previous, newWithOld, oldWithNew] = pems.map((pem) => parse(path, pem));
  if (current === undefined) throw unusable(`${path} cannot be read: it holds no certificate`);
  if (!current.ca) throw unusable(`${path} is not the certificate of an authority`);
  const { keyPem } = await key.readFor(current, path);
  const validity = {
    notBeforeMs: current.validFromDate.getTime(),
    notAfterMs: current.validToDate.getTime(),
  };
  const root: Root = {
    certificatePem: pems[0] ?? '',
    keyPem,
    certificate: current,
    validity,
    madeMs: validity.notBeforeMs + dayMs,
    keyId: keyIdOf(current),
  };
  if (previous === undefined) return { current: root, previous: undefined };
  const fits =
    newWithOld?.verify(previous.publicKey) === true &&
    newWithOld.publicKey.equals(current.publicKey) &&
    oldWithNew?.verify(current.publicKey) === true &&
    oldWithNew.publicKey.equals(previous.publicKey);
  if (!fits) throw unusable(`${path} holds two authorities that do not vouch for each other`);
  const [, certificatePem = '', newWithOldPem = '', oldWithNewPem = ''] = pems;
  return {
    current: root,
    previous: {
      certificatePem,
      certificate: previous,
      keyId: keyIdOf(previous),
      newWithOldPem,
      oldWithNewPem,
    },
  };
}

const splitPem = (text: string): string[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => `${pem}\n`,
  );

function parse(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw unusable(`${path} cannot be read: ${messageOf(error)}`);
  }
}

const keyIdOf = (certificate: X509Certificate): string =>
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
