import { type KeyObject, sign, verify } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import type { Algorithm } from './types.ts';

/**
 * A signed JSON object is its text with one more member, the last: `,"signature":"<base64>"}`. What
 * is signed are the bytes of `hearth-<purpose>-v1`, the device's id and the text without that
 * member, a line each. So nobody has to agree on an order of members or a spelling of numbers, and
 * a signature for one device or purpose is none for another.
 */

export type Purpose = 'command' | 'config' | 'telemetry';

const opening = ',"signature":"';
const closing = '"}';
const objectEnd = Buffer.from('}');

/** What stands before the text in the signed bytes. Ids of devices hold no line breaks. */
export const signedPrefix = (purpose: Purpose, deviceId: string): Buffer =>
  Buffer.from(`hearth-${purpose}-v1\n${deviceId}\n`);

export interface SigningKey {
  readonly algorithm: Algorithm;
  /** Private for signing, public for checking. */
  readonly key: KeyObject;
}

/** A plain Ed25519 signature of 64 bytes, or ECDSA over SHA-256 in DER. */
const digestOf = (algorithm: Algorithm) => (algorithm === 'ed25519' ? null : 'sha256');

/** The text of `body` with its signature as the last member; `body` has members, none `signature`. */
export function signedText(
  { algorithm, key }: SigningKey,
  prefix: Buffer,
  body: Readonly<Record<string, unknown>>,
): string {
  const text = JSON.stringify(body);
  if (text === '{}' || Object.hasOwn(body, 'signature')) {
    throw new TypeError('what is signed has members, and none of them is a signature');
  }
  const bytes = Buffer.concat([prefix, Buffer.from(text)]);
  const signature = sign(digestOf(algorithm), bytes, key).toString('base64');
  return `${text.slice(0, -1)}${opening}${signature}${closing}`;
}

/**
 * Whether `payload` ends in a signature that fits. The bytes are taken as they are: nothing is
 * decoded and written again, and the signature counts in its canonical spelling alone.
 */
export function isSignedBy(
  { algorithm, key }: SigningKey,
  prefix: Buffer,
  payload: Buffer,
): boolean {
  const at = payload.lastIndexOf(opening);
  const end = payload.length - closing.length;
  if (at < 0 || payload.toString('latin1', end) !== closing) return false;
  const signature = decodeBase64(payload.toString('latin1', at + opening.length, end));
  if (signature === undefined) return false;
  const bytes = Buffer.concat([prefix, payload.subarray(0, at), objectEnd]);
  return verify(digestOf(algorithm), bytes, key, signature);
}
