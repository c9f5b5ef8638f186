import { type Clock, HearthError } from '#kernel';
import type { Caller } from '../access.ts';
import type { Present, Proof } from '../doors.ts';
import type { Origin } from '../types.ts';

export interface Presence {
  readonly clock: Clock;
  readonly proof: Proof;
}

/** A sign-in as young as this needs no password again. */
const freshMs = 10 * 60_000;

/**
 * The person who calls.
 * @throws HearthError `not_found` for a token, a device and the control socket, which have no account.
 */
export function personOf(caller: Caller | undefined): Present {
  if (caller?.kind === 'person') {
    const { id, name, sessionId } = caller;
    return { id, name, sessionId };
  }
  throw new HearthError('not_found', 'only a person can do this for themselves', {
    hint: 'Sign in on the dashboard.',
  });
}

/**
 * Asks for more than a session before a new way to sign in is added: whoever finds an open browser
 * must not be able to keep a key to it.
 * @param field of the request that holds the password.
 * @throws HearthError `forbidden` with that field when the sign-in is not fresh, and what a wrong
 * password throws; `unauthenticated` when the session ended while it was looked at.
 */
export async function requirePresence(
  { clock, proof }: Presence,
  person: Present,
  password: string | undefined,
  origin: Origin,
  field = 'password',
): Promise<void> {
  if (password !== undefined) {
    await proof.confirmPassword(person.id, password, origin, field);
    if (proof.sessionOf(person.sessionId)) return;
    throw new HearthError('unauthenticated', 'that session is over', { hint: 'Sign in again.' });
  }
  const session = proof.sessionOf(person.sessionId);
  const ageMs = session ? clock.nowMs() - session.createdAtMs : Number.POSITIVE_INFINITY;
  if (ageMs >= 0 && ageMs < freshMs) return;
  throw new HearthError('forbidden', 'this needs your password', {
    field,
    hint: 'Send your password with it, or sign out and in again first.',
  });
}
