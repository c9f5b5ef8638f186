import { HearthError, writeFileDurably } from '#kernel';
import type { CaKey } from './ca-key.ts';
import { certificatesPathIn, openRoots, type Root, type Roots, rootLifetimeMs } from './root.ts';
import { validityFrom } from './time.ts';

/**
 * Makes a new authority that follows `roots.current`, on disk before this returns. Whatever stops
 * it, there is one authority that works: until `ca.crt` is replaced it is the old one, and a next
 * key that nothing bears is thrown away; from then on it is the new one, and its key is taken from
 * where it lies. The old authority's key is gone at the end.
 * @throws HearthError `conflict` while an overlap lasts.
 */
export async function rotateRoots(
  directory: string,
  key: CaKey,
  { current, previous }: Roots,
  nowMs: number,
): Promise<Roots> {
  if (previous !== undefined) {
    throw new HearthError('conflict', 'the authority is being followed by another already', {
      hint: 'Finish that first: hearth ca rotate --finish.',
    });
  }
  const { generateKeyPair, signAcross, signRoot } = await import('./certificates.ts');
  const keys = await generateKeyPair();
  await key.writeNext(keys.keyPem);
  const validity = validityFrom(nowMs, rootLifetimeMs);
  const certificatePem = await signRoot(keys, validity, current.certificatePem);
  // RFC 4210 §4.4: NewWithOld ends with the old key at the latest, OldWithNew spans the old key's life.
  const newWithOld = await signAcross(current, {
    publicKeyPem: keys.publicKeyPem,
    validity: {
      notBeforeMs: validity.notBeforeMs,
      notAfterMs: Math.min(validity.notAfterMs, current.validity.notAfterMs),
    },
  });
  const oldWithNew = await signAcross(
    { certificatePem, keyPem: keys.keyPem },
    { publicKeyPem: publicKeyPemOf(current), validity: current.validity },
  );
  const bundle = [certificatePem, current.certificatePem, newWithOld, oldWithNew];
  await writeFileDurably(certificatesPathIn(directory), textOf(bundle), 0o644);
  await key.promoteNext();
  return openRoots(directory, key, nowMs);
}

/**
 * Ends the overlap: only the new authority is trusted. On disk before this returns.
 * @throws HearthError `conflict` when there is no overlap.
 */
export async function finishRotation(
  directory: string,
  { current, previous }: Roots,
): Promise<Roots> {
  if (previous === undefined) throw noOverlap();
  await writeFileDurably(certificatesPathIn(directory), textOf([current.certificatePem]), 0o644);
  return { current, previous: undefined };
}

export const noOverlap = (): HearthError =>
  new HearthError('conflict', 'there is only one authority: nothing is to be finished', {
    hint: 'hearth ca rotate makes a new one first.',
  });

const publicKeyPemOf = ({ certificate }: Root): string =>
  certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const textOf = (pems: readonly string[]): string => `${pems.map((pem) => pem.trim()).join('\n')}\n`;
