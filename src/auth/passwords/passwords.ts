import { HearthError } from '#kernel';
import { commonPasswords } from './common-passwords.ts';

const minLength = 10;
const maxLength = 128;

/**
 * Length and a list of what everyone tries first: NIST SP 800-63B §3.1.1.2 asks for these two and
 * against rules about digits and signs. `about` is what a guesser would know of its owner.
 * @throws HearthError `bad_request` with `field`.
 */
export function requireGoodPassword(
  password: string,
  about: readonly string[] = [],
  field = 'password',
): void {
  const weakness = weaknessOf(password, about);
  if (weakness === undefined) return;
  throw new HearthError('bad_request', `the password ${weakness}`, {
    field,
    hint: 'Take four words that have nothing to do with each other.',
  });
}

function weaknessOf(password: string, about: readonly string[]): string | undefined {
  const length = [...password].length;
  if (length < minLength) return `has ${length} characters; it needs ${minLength}`;
  if (length > maxLength) return `is longer than ${maxLength} characters`;
  const plain = password.toLowerCase();
  if (commonPasswords.has(plain)) return 'is one of those that everyone tries first';
  if (new Set(plain).size < 4) return 'repeats the same few characters';
  const known = about.map((word) => word.toLowerCase());
  if (known.includes(plain)) return 'is something that everyone knows about you';
  return undefined;
}
