import type { Db } from '#db';

/** A signing key of access tokens; its private half is sealed. */
export interface TokenKeyRow {
  readonly id: string;
  readonly sealed_private_key: string;
  readonly created_at_ms: number;
}

export class TokenKeyStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Oldest first. */
  all(): TokenKeyRow[] {
    return this.#db
      .prepare<[], TokenKeyRow>('SELECT * FROM token_keys ORDER BY created_at_ms, id')
      .all();
  }

  insert(row: TokenKeyRow): void {
    this.#db
      .prepare('INSERT INTO token_keys VALUES (@id, @sealed_private_key, @created_at_ms)')
      .run(row);
  }

  setSealed(id: string, sealedPrivateKey: string): void {
    this.#db
      .prepare('UPDATE token_keys SET sealed_private_key = ? WHERE id = ?')
      .run(sealedPrivateKey, id);
  }

  delete(id: string): void {
    this.#db.prepare('DELETE FROM token_keys WHERE id = ?').run(id);
  }
}
