/** What the hub says of people and how they sign in: the JSON of `/auth`, `/people` and `/shares`. */

import type { Person, Role } from './wire.ts';

/** The roles that people have; `service` is for programs alone. */
export type PersonRole = Exclude<Role, 'service'>;

/** The password was right; a code has to follow. */
export interface SecondFactorNeeded {
  readonly second_factor: { readonly challenge: string; readonly expires_in: number };
}

export type LogInAnswer = { readonly person: Person } | SecondFactorNeeded;

export interface PasskeyAvailability {
  readonly available: boolean;
  /** Why not, for the person who asks. */
  readonly reason: string | null;
}

export interface Provider {
  readonly provider: { readonly name: string } | null;
  /** The account there of whoever asks, when they are signed in. */
  readonly link: {
    readonly email: string | null;
    readonly created_at: string;
    readonly last_used_at: string | null;
  } | null;
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  /** The host name under which it works. */
  readonly rp_id: string;
  readonly usable_here: boolean;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

/** Options of WebAuthn in their JSON form (Web Authentication §5.1.8). */
export type BrowserOptions = Readonly<Record<string, unknown>>;

export interface SecondFactorState {
  readonly totp: boolean;
  readonly recovery_codes_left: number;
}

export interface NewSecondFactor {
  /** In base 32, spelled for people. */
  readonly secret: string;
  readonly uri: string;
}

/** A browser or a program that somebody is signed in with. */
export interface SignInSession {
  readonly id: string;
  readonly current: boolean;
  readonly method: 'password' | 'passkey' | 'oidc';
  readonly user_agent: string;
  readonly address: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
}

export interface HouseholdPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: PersonRole;
  readonly state: 'active' | 'disabled';
  readonly has_password: boolean;
  readonly second_factor: boolean;
  readonly created_at: string;
  /** By a session that still lives. */
  readonly last_used_at: string | null;
}

export interface Invitation {
  readonly id: string;
  readonly role: PersonRole;
  readonly email: string | null;
  readonly invited_by: string;
  readonly created_at: string;
  readonly expires_at: string;
}

/** A code that is shown once; of an invitation, the page that takes it, too. */
export interface OneTimeCode {
  readonly code: string;
  readonly url?: string;
  readonly expires_at: string;
}

export type ShareAccess = 'read' | 'control';

/** A device, or all that stands in a room, for a guest. */
export interface Share {
  readonly id: string;
  readonly person_id: string;
  readonly device_id: string | null;
  readonly room: string | null;
  readonly access: ShareAccess;
  /** Null: until somebody ends it. */
  readonly until: string | null;
  readonly given_by: string;
  readonly created_at: string;
}

export interface NewShare {
  readonly person_id: string;
  readonly device_id?: string;
  readonly room?: string;
  readonly access: ShareAccess;
  readonly until?: string;
}
