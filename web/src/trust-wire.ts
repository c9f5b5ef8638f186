/** What the hub says of what it trusts: tokens, devices that may join, its authority, the audit. */

import type { Role } from './wire.ts';

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Null: all that the role may. */
  readonly scopes: readonly string[] | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly scopes?: readonly string[];
  readonly expiresIn?: string;
  /** Of whoever makes it, when the hub has asked for it. */
  readonly password?: string;
}

/** Something that was done, and by whom. */
export interface AuditRow {
  readonly seq: number;
  readonly at: string;
  /** `local`, `hub`, `person:Anna`, `token:car`, `device:plug`, `nobody`. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly origin: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly outcome?: string;
}

export interface Verdict {
  readonly ok: boolean;
  /** How many rows are as they were written. */
  readonly rows: number;
  readonly problem?: { readonly message: string };
  readonly problems: readonly { readonly message: string }[];
}

/** The time in which one new device may come in with a code. */
export interface JoinWindow {
  readonly open: boolean;
  readonly expires_at: string | null;
  readonly tries_left: number | null;
  /** The device that came in. */
  readonly joined: string | null;
}

/** The code is shown this once. */
export interface OpenedWindow {
  readonly code: string;
  readonly expires_at: string;
}

/** Keys that were known before their devices came. */
export interface Batch {
  readonly id: string;
  readonly name: string;
  readonly devices: number;
  /** How many of them have joined. */
  readonly claimed: number;
  readonly added_at: string;
  readonly added_by: string;
}

/** What signs the certificates of this home. */
export interface Authority {
  readonly name: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
  readonly not_after: string;
  /** The one before, while both are trusted, and which devices have nothing of the new one yet. */
  readonly previous: {
    readonly fingerprint: string;
    readonly not_after: string;
    readonly devices: readonly string[];
  } | null;
}
