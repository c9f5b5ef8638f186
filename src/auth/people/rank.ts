import { HearthError } from '#kernel';
import type { Caller, Role } from '../access.ts';
import { type Presence, personOf, requirePresence } from '../sign-in/presence.ts';
import type { Origin, Person, PersonRole } from '../types.ts';

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

/** Whether there is anybody with whom one deals in the role of before, and not in that of now. */
export const losesRank = (before: Role, now: Role): boolean =>
  (below[before] ?? []).some((role) => !below[now]?.includes(role));

/** Who runs the home: whoever makes one of these, or gets in as one, has a key to all of it. */
const runsTheHome = (role: Role): boolean => role === 'owner' || role === 'admin';

/**
 * Asks for a person, and their password when their sign-in is not fresh, before there is another way
 * in as an owner or admin: neither a token nor a browser that was left open must be enough. At the
 * machine itself nothing more is asked for.
 * @param field of the request that holds the caller's own password.
 * @throws HearthError `forbidden`, with that field when the password would do.
 */
export async function requirePresenceFor(
  role: Role,
  presence: Presence,
  by: Doer,
  password: string | undefined,
  field?: string,
): Promise<void> {
  if (!runsTheHome(role) || by.caller?.kind === 'local') return;
  refuseTokens(by, `a token lets nobody in as ${role}`);
  await requirePresence(presence, personOf(by.caller), password, by.origin, field);
}

/** @throws HearthError `forbidden` when a token asks. */
export function refuseTokens({ caller }: Doer, why: string): void {
  if (caller?.kind !== 'token') return;
  throw new HearthError('forbidden', why, {
    hint: 'Sign in as a person, or do it at the machine itself with the hearth command.',
  });
}

/**
 * For what changes how somebody gets in. One's own goes by one's own account, where the password is
 * asked for.
 * @throws HearthError `forbidden`, as `requireRank` and `requirePresenceFor` do.
 */
export async function requireRankOverAccess(
  presence: Presence,
  by: Doer,
  person: Person,
  password: string | undefined,
): Promise<void> {
  requireRank(by, person.role);
  if (by.caller?.kind === 'person' && by.caller.id === person.id) {
    throw new HearthError('forbidden', 'this is your own account', {
      hint: 'Change it with your password: /auth/password and /auth/2fa.',
    });
  }
  await requirePresenceFor(person.role, presence, by, password);
}
