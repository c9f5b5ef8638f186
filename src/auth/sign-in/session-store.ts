import type { Db } from '#db';
import type { SignInMethod } from '../types.ts';

/** As it lies in the table: of what was handed out, hashes. */
export interface SessionRow {
  readonly id: string;
  readonly person_id: string;
  readonly method: SignInMethod;
  readonly cookie_hash: string;
  readonly family_hash: string;
  readonly refresh_hash: string;
  readonly user_agent: string;
  readonly address: string;
  readonly created_at_ms: number;
  readonly last_used_at_ms: number;
  readonly expires_at_ms: number;
}

export class SessionStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  all(): SessionRow[] {
    return this.#db.prepare<[], SessionRow>('SELECT * FROM sessions ORDER BY id').all();
  }

  insert(row: SessionRow): void {
    this.#db
      .prepare(
        `INSERT INTO sessions VALUES (@id, @person_id, @method, @cookie_hash, @family_hash,
           @refresh_hash, @user_agent, @address, @created_at_ms, @last_used_at_ms, @expires_at_ms)`,
      )
      .run(row);
  }

  /** What of a session changes while it lives. */
  update({ id, refresh_hash, last_used_at_ms, expires_at_ms }: SessionRow): void {
    this.#db
      .prepare(
        `UPDATE sessions SET refresh_hash = ?, last_used_at_ms = ?, expires_at_ms = ? WHERE id = ?`,
      )
      .run(refresh_hash, last_used_at_ms, expires_at_ms, id);
  }

  setLastUsed(rows: Iterable<SessionRow>): void {
    const update = this.#db.prepare('UPDATE sessions SET last_used_at_ms = ? WHERE id = ?');
    this.#db.transaction(() => {
      for (const { id, last_used_at_ms } of rows) update.run(last_used_at_ms, id);
    })();
  }

  delete(ids: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM sessions WHERE id = ?');
    this.#db.transaction(() => {
      for (const id of ids) remove.run(id);
    })();
  }
}
