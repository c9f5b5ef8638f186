import type { Db } from '#db';

export interface TotpRow {
  readonly person_id: string;
  readonly sealed_secret: string;
  readonly confirmed_at_ms: number | null;
  readonly last_step: number | null;
}

/** Authenticator apps and recovery codes. */
export class SecondFactorStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  get(personId: string): TotpRow | undefined {
    return this.#db
      .prepare<[string], TotpRow>('SELECT * FROM totp WHERE person_id = ?')
      .get(personId);
  }

  all(): TotpRow[] {
    return this.#db.prepare<[], TotpRow>('SELECT * FROM totp').all();
  }

  put(row: TotpRow): void {
    this.#db
      .prepare(
        `INSERT INTO totp VALUES (@person_id, @sealed_secret, @confirmed_at_ms, @last_step)
         ON CONFLICT (person_id) DO UPDATE SET sealed_secret = excluded.sealed_secret,
           confirmed_at_ms = excluded.confirmed_at_ms, last_step = excluded.last_step`,
      )
      .run(row);
  }

  /** Removes the app and the codes. Returns whether there was one. */
  delete(personId: string): boolean {
    this.#db.prepare('DELETE FROM recovery_codes WHERE person_id = ?').run(personId);
    return this.#db.prepare('DELETE FROM totp WHERE person_id = ?').run(personId).changes === 1;
  }

  /** Puts these in the place of all codes of before. */
  replaceCodes(personId: string, hashes: readonly string[]): void {
    this.#db.prepare('DELETE FROM recovery_codes WHERE person_id = ?').run(personId);
    const insert = this.#db.prepare('INSERT INTO recovery_codes VALUES (?, ?, NULL)');
    for (const hash of hashes) insert.run(personId, hash);
  }

  /** Marks a code as used. Returns false when there is none, or it was used before. */
  useCode(personId: string, hash: string, atMs: number): boolean {
    const { changes } = this.#db
      .prepare(
        `UPDATE recovery_codes SET used_at_ms = ?
         WHERE person_id = ? AND code_hash = ? AND used_at_ms IS NULL`,
      )
      .run(atMs, personId, hash);
    return changes === 1;
  }

  codesLeft(personId: string): number {
    const row = this.#db
      .prepare<[string], { n: number }>(
        'SELECT count(*) AS n FROM recovery_codes WHERE person_id = ? AND used_at_ms IS NULL',
      )
      .get(personId);
    return row?.n ?? 0;
  }
}
