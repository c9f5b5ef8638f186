import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { HearthError } from '#kernel';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { ed25519Problem } from './ed25519-point.ts';
import type { SigningKey } from './signed-text.ts';
import type { Algorithm, PublicKey } from './types.ts';

/** SubjectPublicKeyInfo up to the key itself (RFC 8410 §4, RFC 5480 §2). */
const spkiHeads: Readonly<Record<Algorithm, Buffer>> = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  p256: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
};
const rawLengths: Readonly<Record<Algorithm, number>> = { ed25519: 32, p256: 65 };
const names: Readonly<Record<Algorithm, string>> = { ed25519: 'Ed25519', p256: 'P-256' };
const pemHead = '-----BEGIN PUBLIC KEY-----';
const shownCharacters = 16;

/** For checking signatures. @throws Error when `raw` is no key. */
export const verifyingKey = ({ algorithm, raw }: PublicKey): SigningKey => ({
  algorithm,
  key: createPublicKey({
    key: Buffer.concat([spkiHeads[algorithm], raw]),
    format: 'der',
    type: 'spki',
  }),
});

/** The raw bytes of a public key; `undefined` for a kind that signs nothing here. */
export function rawPublicKey(key: KeyObject): PublicKey | undefined {
  const jwk = () => key.export({ format: 'jwk' }) as { x: string; y: string };
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') {
    return { algorithm: 'ed25519', raw: Buffer.from(jwk().x, 'base64url') };
  }
  if (key.asymmetricKeyType !== 'ec' || namedCurve !== 'prime256v1') return undefined;
  const { x, y } = jwk();
  const point = [Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return { algorithm: 'p256', raw: Buffer.concat(point) };
}

/** The key of a certificate in DER; `undefined` for a kind that signs nothing here. */
export const certificatePublicKey = (der: Uint8Array): PublicKey | undefined =>
  rawPublicKey(new X509Certificate(der).publicKey);

/**
 * Reads a key as it is registered: raw bytes in base64, or SubjectPublicKeyInfo in PEM.
 * @throws HearthError `unprocessable` naming `field`, and saying what it is instead.
 */
export function readPublicKey(algorithm: Algorithm, text: string, field: string): PublicKey {
  const refuse = (problem: string) => refusal(field, text, problem, algorithm);
  const raw = text.trimStart().startsWith('-----')
    ? fromPem(algorithm, text.trim(), refuse)
    : fromBase64(text, rawLengths[algorithm], refuse);
  const key = { algorithm, raw };
  const problem = algorithm === 'ed25519' ? ed25519Problem(raw) : p256Problem(key);
  if (problem !== undefined) throw refuse(problem);
  return key;
}

/** Reads 32 bytes of X25519. Whether they lead anywhere only a multiplication tells. */
export const readBoxKey = (text: string, field: string): Buffer =>
  fromBase64(text, 32, (problem) => refusal(field, text, problem, 'box'));

export const boxKeyRefusal = (text: string, field: string): HearthError =>
  refusal(field, text, 'is a point of low order, with which everyone shares one secret', 'box');

type Refuse = (problem: string) => HearthError;

function fromPem(algorithm: Algorithm, pem: string, refuse: Refuse): Uint8Array {
  // Node would also read a certificate or take the public half of a private key.
  if (!pem.startsWith(pemHead)) throw refuse(`does not begin with ${pemHead}`);
  let key: PublicKey | undefined;
  try {
    key = rawPublicKey(createPublicKey(pem));
  } catch {
    throw refuse('is no public key that can be read, or not a point on the curve');
  }
  if (key === undefined) throw refuse(`is no ${names[algorithm]} key`);
  if (key.algorithm !== algorithm) {
    throw refuse(`is a ${names[key.algorithm]} key, not one of ${names[algorithm]}`);
  }
  return key.raw;
}

function fromBase64(text: string, length: number, refuse: Refuse): Buffer {
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw refuse('is not standard base64');
  if (bytes.length !== length) throw refuse(`is ${bytes.length} bytes long, not ${length}`);
  return bytes;
}

/** OpenSSL checks that a point is on the curve, and P-256 has no points of low order. */
function p256Problem(key: PublicKey): string | undefined {
  if (key.raw[0] !== 4) return 'is not an uncompressed point, which begins with the byte 04';
  try {
    verifyingKey(key);
    return undefined;
  } catch {
    return 'is not a point on the curve';
  }
}

const hints: Readonly<Record<Algorithm | 'box', string>> = {
  ed25519: 'Send the 32 bytes of the key in base64, or a PEM from openssl pkey -pubout.',
  p256: 'Send a PEM from openssl pkey -pubout, or the 65 bytes of the uncompressed point in base64.',
  box: 'Send the 32 bytes that crypto_box_keypair makes as the public key, in base64.',
};

function refusal(field: string, text: string, problem: string, kind: Algorithm | 'box') {
  // Whoever pastes a private key by mistake does not get it said back.
  const isSecret = text.includes('PRIVATE');
  const shown = isSecret
    ? 'a private key'
    : text.length > shownCharacters
      ? `"${text.slice(0, shownCharacters)}…"`
      : `"${text}"`;
  return new HearthError('unprocessable', `${field} is ${shown}: it ${problem}`, {
    field,
    hint: isSecret
      ? 'Keep that key where it is, and send the public one: openssl pkey -pubout.'
      : hints[kind],
  });
}

/** How a key is spelled in JSON. */
export const keyJson = ({ algorithm, raw }: PublicKey) => ({
  algorithm,
  public_key: encodeBase64(raw),
});
