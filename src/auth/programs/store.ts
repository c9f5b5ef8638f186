import type { Db } from '#db';
import type { Role } from '../access.ts';
import type { CredentialRole } from './credentials.ts';

/** Times in this row are ISO 8601 UTC. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly hash: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
  /** A JSON list of actions; null for all that the role may. */
  readonly scopes: string | null;
  /** As `makerOf` names them; null at the machine. */
  readonly made_by: string | null;
}

export interface CredentialRow {
  readonly name: string;
  readonly role: CredentialRole;
  readonly password_hash: string;
  readonly created_at: string;
}

export class TokenStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  insert(row: TokenRow): void {
    this.#db
      .prepare(
        `INSERT INTO tokens (id, name, role, hash, created_at, expires_at, scopes, made_by)
         VALUES (@id, @name, @role, @hash, @created_at, @expires_at, @scopes, @made_by)`,
      )
      .run(row);
  }

  all(): TokenRow[] {
    return this.#db.prepare<[], TokenRow>('SELECT * FROM tokens ORDER BY rowid').all();
  }

  revoke(id: string, at: string): void {
    this.#db.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ?').run(at, id);
  }

  setLastUsed(uses: ReadonlyMap<string, string>): void {
    const update = this.#db.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?');
    this.#db.transaction(() => {
      for (const [id, at] of uses) update.run(at, id);
    })();
  }
}

export class CredentialStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Returns false when the name is taken. */
  insert(row: CredentialRow): boolean {
    const { changes } = this.#db
      .prepare(
        `INSERT INTO credentials (name, role, password_hash, created_at)
         VALUES (@name, @role, @password_hash, @created_at) ON CONFLICT DO NOTHING`,
      )
      .run(row);
    return changes === 1;
  }

  get(name: string): CredentialRow | undefined {
    return this.#db
      .prepare<[string], CredentialRow>('SELECT * FROM credentials WHERE name = ?')
      .get(name);
  }

  all(): CredentialRow[] {
    return this.#db.prepare<[], CredentialRow>('SELECT * FROM credentials ORDER BY name').all();
  }

  delete(name: string): boolean {
    return this.#db.prepare('DELETE FROM credentials WHERE name = ?').run(name).changes === 1;
  }
}
