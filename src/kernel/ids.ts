import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A fresh secret of `bytes` random bytes, spelled in base64url (RFC 4648 §5). */
export const randomSecret = (bytes = 32): string => randomBytes(bytes).toString('base64url');

/** SHA-256 of a secret, in hex. Enough for secrets that are random; passwords need a slow hash. */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex');

/** Compares two strings in time that does not depend on where they differ. */
export function equalSecrets(left: string, right: string): boolean {
  const a = createHash('sha256').update(left).digest();
  const b = createHash('sha256').update(right).digest();
  return timingSafeEqual(a, b);
}

const crockford = '0123456789abcdefghjkmnpqrstvwxyz';

/** Letters and digits that survive being read aloud: no i, l, o, u. For codes a person types. */
export function readableCode(length: number): string {
  let code = '';
  for (const byte of randomBytes(length)) code += crockford[byte & 31];
  return code;
}

/** An identifier that sorts by when it was made: 48 bits of milliseconds, 80 random bits. */
export function sortableId(nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) {
    time = crockford[rest % 32] + time;
  }
  return time + readableCode(16);
}
