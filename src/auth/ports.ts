/** What the people slice needs of its neighbours to the right, and of the world outside. */

/** Something that was done, as it is written down: see `AuditEntry` of #audit. */
export interface AuditEntryLike {
  /** `local`, `person:Anna`, `token:car`, or `nobody` for someone who did not get in. */
  readonly actor: string;
  /** What was done: `auth.login`. */
  readonly action: string;
  /** To what: `person:ID`. */
  readonly subject: string;
  /** `ok`, `refused`, or what became of it. */
  readonly outcome: string;
  /** From where: an address, `control socket`, or empty. */
  readonly origin?: string;
  /** Never a password, a code, a token or a key. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AuditPort {
  /** Adds a row, in the transaction of the change it tells of. */
  append(entry: AuditEntryLike): void;
}

/** Sends a plain-text message; there is one only where the home has set up mail. */
export interface Mail {
  send(to: string, subject: string, text: string): Promise<void>;
}
