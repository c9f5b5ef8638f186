import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { writeFileDurably } from '#kernel';
import type { CertifiedKey } from './certificates.ts';
import { canonicalNames, sameNames } from './names.ts';
import type { Root } from './root.ts';
import { dayMs, validityFrom } from './time.ts';

/** Browsers and Apple's systems refuse a server certificate valid for more than 398 days. */
const serverLifetimeMs = 397 * dayMs;
const renewBeforeMs = 30 * dayMs;

/** Why a server certificate has to be made anew. */
type Staleness =
  | 'missing'
  | 'other authority'
  | 'names changed'
  | 'names no revocation list'
  | 'from the future'
  | 'expires soon';

/** What a server certificate is to say. */
export interface Wanted {
  readonly names: readonly string[];
  /** Where the list of revoked certificates is; `undefined` says nothing of it. */
  readonly revocationListUrl: string | undefined;
}

/** What is wrong with `current` for a server as `wanted` at `nowMs`; undefined when nothing is. */
export function stalenessOf(
  current: X509Certificate | undefined,
  root: Root,
  { names, revocationListUrl }: Wanted,
  nowMs: number,
): Staleness | undefined {
  if (current === undefined) return 'missing';
  if (!current.verify(root.certificate.publicKey)) return 'other authority';
  if (!sameNames(namesOf(current), names)) return 'names changed';
  // An address is ASCII in one piece: no need to read the whole certificate for it.
  const url = revocationListUrl ?? '';
  if (!current.raw.includes(Buffer.from(url))) return 'names no revocation list';
  // Made while the clock ran ahead; it is right now, and nobody else would believe this one.
  if (current.validFromDate.getTime() > nowMs) return 'from the future';
  // Where the authority itself ends sooner than that, a new certificate would last no longer.
  const endMs = current.validToDate.getTime();
  const expiresSoon = endMs - nowMs < renewBeforeMs && endMs < root.validity.notAfterMs;
  return expiresSoon ? 'expires soon' : undefined;
}

/** Makes a server certificate with a key of its own and writes both to the one file at `path`. */
export async function issueServerCertificate(
  path: string,
  root: Root,
  { names, revocationListUrl }: Wanted,
  nowMs: number,
): Promise<CertifiedKey> {
  const { generateKeyPair, signServer } = await import('./certificates.ts');
  const { keyPem, publicKeyPem } = await generateKeyPair();
  const certificatePem = await signServer(
    root,
    {
      // RFC 5280 ub-common-name: 64 characters. Clients read the names below, not this.
      commonName: (names[0] ?? 'hearth').slice(0, 64),
      publicKeyPem,
      validity: validityFrom(nowMs, serverLifetimeMs, root.validity),
    },
    names,
    revocationListUrl,
  );
  await writeFileDurably(path, `${keyPem.trim()}\n${certificatePem.trim()}\n`, 0o600);
  return { certificatePem, keyPem };
}

/** The certificate and key at `path`, or undefined when there is none that can be used. */
export async function readServerCertificate(path: string): Promise<CertifiedKey | undefined> {
  if (!existsSync(path)) return undefined;
  const contents = await readFile(path, 'utf8');
  const keyPem = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/.exec(contents)?.[0];
  const certificatePem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(
    contents,
  )?.[0];
  if (keyPem === undefined || certificatePem === undefined) return undefined;
  try {
    const fits = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
    return fits ? { certificatePem, keyPem } : undefined;
  } catch {
    // A damaged file is no loss: what it held is made anew in a moment.
    return undefined;
  }
}

/**
 * Where the hub serves its list: under a name that was given to it rather than an address, which the
 * router may hand to another machine. Not HTTPS: checking that certificate would need the list
 * (RFC 5280 §8).
 */
export function revocationListUrl(names: readonly string[], port: number): string {
  const isName = (name: string) => isIP(name) === 0 && name.includes('.') && !name.includes('*');
  const host = names.find(isName) ?? names[0] ?? 'localhost';
  const authority = isIP(host) === 6 ? `[${host}]` : host;
  return `http://${authority}${port === 80 ? '' : `:${port}`}/ca.crl`;
}

/** The names a certificate stands for, spelled as `canonicalNames` spells them. */
function namesOf(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return canonicalNames(names.map((name) => name.replace(/^(DNS|IP Address):/, '')));
}
