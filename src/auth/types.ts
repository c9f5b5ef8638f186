import type { Role } from './access.ts';

/** The roles that people have; `service` is for programs alone. */
export const personRoles = ['owner', 'admin', 'member', 'guest'] as const satisfies readonly Role[];
export type PersonRole = (typeof personRoles)[number];

export interface Person {
  readonly id: string;
  readonly name: string;
  /** In lower case; no two people have the same. */
  readonly email: string;
  readonly role: PersonRole;
  /** Someone `disabled` is kept, and cannot sign in. */
  readonly state: 'active' | 'disabled';
  /** Without one they sign in by passkey or OpenID Connect. */
  readonly hasPassword: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface PeopleChange {
  readonly change: 'added' | 'updated' | 'removed';
  readonly person: Person;
}

/** Where a request came from, as far as limits, lists of sessions and the audit want to know. */
export interface Origin {
  /** Empty for the control socket and the process itself. */
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** The owner at the machine itself: nothing makes them wait. */
  readonly isLocal?: boolean;
}

export type SignInMethod = 'password' | 'passkey' | 'oidc';

/** Somebody who was let in, and what they get to hold. */
export interface SignedIn {
  readonly person: Person;
  readonly sessionId: string;
  /** A signed JWT for `Authorization: Bearer`. */
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  /** Good for one use: the next pair is had with it. */
  readonly refreshToken: string;
  /** Set-Cookie lines, still without `Secure`. None when a session only goes on. */
  readonly cookies: readonly string[];
}

/** The password was right; a code has to follow. */
export interface SecondFactorNeeded {
  readonly challenge: string;
  readonly expiresInSeconds: number;
}

/**
 * Something that was let in and no longer is: live connections of it are to be ended. A `person` was
 * disabled, removed or given another role; a `session` was signed out, ended or expired.
 */
export interface Revocation {
  readonly kind: 'token' | 'credential' | 'person' | 'session';
  readonly id: string;
  readonly name: string;
}
