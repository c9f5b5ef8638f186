import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HearthError, messageOf, writeFileDurably } from '#kernel';
import type { CertifiedKey, KeyPair } from './certificates.ts';
import { believableNowMs, dayMs, type Validity, validityFrom, yearMs } from './time.ts';

/** As long as anything in the house lives; renewing it means visiting every phone and device. */
const rootLifetimeMs = 20 * yearMs;

/** The authority's own certificate and key, in memory. */
export interface Root extends CertifiedKey {
  readonly certificate: X509Certificate;
  readonly validity: Validity;
  readonly madeMs: number;
}

/**
 * Reads the authority of `directory`, or makes one where there is none. The key is written first
 * and durably: what a crash can leave is a key without a certificate, which is signed again; a
 * certificate that went out is never without its key.
 * @throws HearthError `data_directory` when what is there does not make an authority.
 */
export async function openRoot(directory: string, nowMs: number): Promise<Root> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keyPath = join(directory, 'ca.key');
  const certificatePath = join(directory, 'ca.crt');
  const hasKey = existsSync(keyPath);
  const hasCertificate = existsSync(certificatePath);
  if (hasCertificate && !hasKey) {
    throw unusable(`${certificatePath} has no key beside it (${keyPath} is missing)`);
  }
  if (!hasCertificate) {
    const { generateKeyPair, signRoot } = await import('./certificates.ts');
    const keys = hasKey ? await readKeyPair(keyPath) : await generateKeyPair();
    if (!hasKey) await writeFileDurably(keyPath, keys.keyPem, 0o600);
    const validity = validityFrom(believableNowMs(nowMs, []), rootLifetimeMs);
    await writeFileDurably(certificatePath, await signRoot(keys, validity), 0o644);
  }
  return readRoot(certificatePath, keyPath);
}

async function readRoot(certificatePath: string, keyPath: string): Promise<Root> {
  const certificatePem = await readFile(certificatePath, 'utf8');
  const { keyPem } = await readKeyPair(keyPath);
  const certificate = parse(certificatePath, () => new X509Certificate(certificatePem));
  if (!certificate.ca || !certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw unusable(`${certificatePath} is not the certificate of ${keyPath}`);
  }
  const validity = {
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
  };
  return { certificatePem, keyPem, certificate, validity, madeMs: validity.notBeforeMs + dayMs };
}

async function readKeyPair(keyPath: string): Promise<KeyPair> {
  const keyPem = await readFile(keyPath, 'utf8');
  const publicKeyPem = parse(keyPath, () =>
    createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'pem' }).toString(),
  );
  return { keyPem, publicKeyPem };
}

function parse<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unusable(`${path} cannot be read: ${messageOf(error)}`);
  }
}

const unusable = (reason: string) =>
  new HearthError('data_directory', `the certificate authority cannot be used: ${reason}`, {
    hint: 'Restore ca.crt and ca.key from a backup. Removing both makes a new authority, which every device and browser must be given anew.',
  });
