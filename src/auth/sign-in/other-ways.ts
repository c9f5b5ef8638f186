import type { Db } from '#db';
import { HearthError } from '#kernel';
import { LinkStore } from '../oidc/store.ts';
import { PasskeyStore } from '../passkeys/store.ts';
import type { Person } from '../types.ts';

/**
 * Refuses to take away the last way in that somebody has.
 * @param without what they are about to remove: their only link, or one of their passkeys.
 * @throws HearthError `conflict`.
 */
export function requireOtherWay(
  db: Db,
  person: Person | undefined,
  without: 'passkey' | 'oidc',
): void {
  if (person === undefined || person.hasPassword) return;
  const passkeys = new PasskeyStore(db).of(person.id).length - (without === 'passkey' ? 1 : 0);
  const hasLink = without !== 'oidc' && new LinkStore(db).of(person.id) !== undefined;
  if (passkeys > 0 || hasLink) return;
  throw new HearthError('conflict', 'nothing else would sign you in', {
    hint: 'Set a password first: whoever manages the people of this home can give you a code for it.',
  });
}
