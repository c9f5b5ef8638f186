import { HearthError } from '#kernel';
import type { Caller, Role } from './access.ts';
import type { Origin, Person, PersonRole } from './types.ts';

/** Who does something, and from where. */
export interface Doer {
  readonly caller: Caller | undefined;
  readonly origin: Origin;
}

/** Whom each role may invite, change and remove; roles that are not here nobody. */
const below: Readonly<Partial<Record<Role, readonly PersonRole[]>>> = {
  owner: ['owner', 'admin', 'member', 'guest'],
  admin: ['member', 'guest'],
};

/** @throws HearthError `forbidden` when somebody of `role` is not the caller's to deal with. */
export function requireRank({ caller }: Doer, role: PersonRole): void {
  const mine = caller && caller.kind !== 'device' ? (below[caller.role] ?? []) : [];
  if (mine.includes(role)) return;
  throw new HearthError('forbidden', `only an owner deals with an ${role}`, {
    hint: 'Ask the owner of this home.',
  });
}

/**
 * As above, and for what lets somebody in. One's own goes by one's own account, where the password is
 * asked for: whoever finds an open browser must not make themselves a key to it. A token, which an
 * open browser could make, changes no owner's.
 * @throws HearthError `forbidden`.
 */
export function requireRankOverAccess(by: Doer, person: Person): void {
  requireRank(by, person.role);
  const { caller } = by;
  if (caller?.kind === 'person' && caller.id === person.id) {
    throw new HearthError('forbidden', 'this is your own account', {
      hint: 'Change it with your password: /auth/password and /auth/2fa.',
    });
  }
  if (caller?.kind === 'token' && person.role === 'owner') {
    throw new HearthError('forbidden', 'a token does not change how an owner signs in', {
      hint: 'At the machine itself: hearth user passwd, hearth user reset-2fa.',
    });
  }
}
