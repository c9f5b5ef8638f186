import type { Db } from '#db';
import type { Role } from './access.ts';
import type { CredentialRole } from './credentials.ts';

/** Times in these rows are ISO 8601 UTC. */
interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly hash: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

interface CredentialRow {
  readonly name: string;
  readonly role: CredentialRole;
  readonly password_hash: string;
  readonly created_at: string;
}

/** What better-auth calls an account with a password. */
const passwordProvider = 'credential';

/** People: better-auth's tables, where what we ask of them must be one transaction. */
export class PeopleStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  hasOwner(): boolean {
    return this.#db.prepare(`SELECT 1 FROM people WHERE role = 'owner'`).get() !== undefined;
  }

  get(id: string): PersonRow | undefined {
    return this.#db
      .prepare<[string], PersonRow>('SELECT id, name, email, role FROM people WHERE id = ?')
      .get(id);
  }

  /** Adds the owner with a password, whole or not at all. Returns false when there is one already. */
  insertOwner(person: Omit<PersonRow, 'role'>, passwordHash: string, at: string): boolean {
    const insertPerson = this.#db.prepare(
      `INSERT INTO people (id, name, email, email_verified, role, created_at, updated_at)
       VALUES (@id, @name, @email, 0, 'owner', @at, @at)`,
    );
    const insertAccount = this.#db.prepare(
      `INSERT INTO accounts (id, person_id, account_id, provider_id, password, created_at, updated_at)
       VALUES (@id, @id, @id, '${passwordProvider}', @passwordHash, @at, @at)`,
    );
    return this.#db.transaction(() => {
      if (this.hasOwner()) return false;
      insertPerson.run({ ...person, at });
      insertAccount.run({ id: person.id, passwordHash, at });
      return true;
    })();
  }

  /** Sets a password and ends every session of its person. Returns false when nobody has the email. */
  setPassword(email: string, passwordHash: string, at: string): boolean {
    return this.#db.transaction(() => {
      const person = this.#db
        .prepare<[string], { id: string }>('SELECT id FROM people WHERE email = ?')
        .get(email);
      if (person === undefined) return false;
      this.#db
        .prepare(
          `UPDATE accounts SET password = ?, updated_at = ?
           WHERE person_id = ? AND provider_id = '${passwordProvider}'`,
        )
        .run(passwordHash, at, person.id);
      this.#db.prepare('DELETE FROM sessions WHERE person_id = ?').run(person.id);
      return true;
    })();
  }

  deleteExpiredSessions(now: string): void {
    this.#db.prepare('DELETE FROM sessions WHERE expires_at < ?').run(now);
  }
}

export class TokenStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  insert(row: TokenRow): void {
    this.#db
      .prepare(
        `INSERT INTO tokens (id, name, role, hash, created_at, expires_at)
         VALUES (@id, @name, @role, @hash, @created_at, @expires_at)`,
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
