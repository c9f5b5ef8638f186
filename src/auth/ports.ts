/** What the people slice needs of its neighbours to the right, and of the world outside. */

/** Something that was done, as whoever did it writes it down. */
export interface AuditEntry {
  /** `local`, `person:Anna`, `token:car`, `device:plug`, `hub` for what it does by itself, or `nobody`. */
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
  append(entry: AuditEntry): void;
}

/** Sends a plain-text message; there is one only where the home has set up mail. */
export interface Mail {
  send(to: string, subject: string, text: string): Promise<void>;
}
