import type { Origin, Person, SignedIn, SignInMethod } from './types.ts';

/**
 * What the ways to sign in without a password (`passkeys/`, `oidc/`) ask of the rest of this slice:
 * as little as they need, so that each can be read by itself.
 */

export interface KnownPeople {
  get(id: string): Person | undefined;
  byEmail(email: string): Person | undefined;
}

/** Makes a session, and writes down that somebody signed in. */
export interface SignsIn {
  /** @throws HearthError `forbidden` when the person is disabled or gone. */
  signInAs(personId: string, method: SignInMethod, origin: Origin): Promise<SignedIn>;
}

/** A person at a session of their own. */
export interface Present {
  readonly id: string;
  readonly name: string;
  readonly sessionId: string;
}

/** Whether whoever holds a session is the person it belongs to. */
export interface Proof {
  /** A session that lives, with when its person signed in, wall-clock ms. */
  sessionOf(sessionId: string): { readonly createdAtMs: number } | undefined;
  /** @throws HearthError for a wrong password or too many of them. */
  confirmPassword(
    personId: string,
    password: string,
    origin: Origin,
    field?: string,
  ): Promise<void>;
}

/** Makes a person, without a password, of an invitation. */
export interface Joins {
  /** @throws HearthError when the invitation is not good, or not for this e-mail address. */
  join(
    newcomer: { readonly invitation: string; readonly email: string; readonly name: string },
    origin: Origin,
  ): Person;
}
