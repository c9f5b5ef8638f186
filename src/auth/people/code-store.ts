import type { Db } from '#db';
import type { PersonRole } from '../types.ts';

export interface InvitationRow {
  readonly id: string;
  readonly code_hash: string;
  readonly role: PersonRole;
  readonly email: string | null;
  readonly invited_by: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly made_by: string | null;
}

/** Codes that were handed out and not used yet: invitations, and ones that set a new password. */
export class CodeStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  invitations(): InvitationRow[] {
    return this.#db.prepare<[], InvitationRow>('SELECT * FROM invitations ORDER BY id').all();
  }

  invitation(codeHash: string): InvitationRow | undefined {
    return this.#db
      .prepare<[string], InvitationRow>('SELECT * FROM invitations WHERE code_hash = ?')
      .get(codeHash);
  }

  insertInvitation(row: InvitationRow): void {
    this.#db
      .prepare(
        `INSERT INTO invitations VALUES
           (@id, @code_hash, @role, @email, @invited_by, @created_at_ms, @expires_at_ms,
           @made_by)`,
      )
      .run(row);
  }

  deleteInvitation(id: string): boolean {
    return this.#db.prepare('DELETE FROM invitations WHERE id = ?').run(id).changes === 1;
  }

  /** The newest code is the only one of its person. */
  putReset(codeHash: string, personId: string, expiresAtMs: number, madeBy: string | null): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO password_resets VALUES (?, ?, ?, ?)')
      .run(codeHash, personId, expiresAtMs, madeBy);
  }

  /** Whose password a code sets; undefined for none, or one that has expired. */
  personOfReset(codeHash: string, nowMs: number): string | undefined {
    return this.#db
      .prepare<[string, number], { id: string }>(
        `SELECT person_id AS id FROM password_resets WHERE code_hash = ? AND expires_at_ms > ?`,
      )
      .get(codeHash, nowMs)?.id;
  }

  deleteResetsOf(personId: string): void {
    this.#db.prepare('DELETE FROM password_resets WHERE person_id = ?').run(personId);
  }

  deleteResetsBy(maker: string): void {
    this.#db.prepare('DELETE FROM password_resets WHERE made_by = ?').run(maker);
  }

  deleteExpired(nowMs: number): void {
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM invitations WHERE expires_at_ms <= ?').run(nowMs);
      this.#db.prepare('DELETE FROM password_resets WHERE expires_at_ms <= ?').run(nowMs);
    })();
  }
}
