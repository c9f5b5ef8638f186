import type { Db } from '#db';
import type { Person, PersonRole } from '../types.ts';

interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: PersonRole;
  readonly state: Person['state'];
  readonly has_password: 0 | 1;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

/** The table of people. Password hashes come out of it one at a time, on purpose. */
export class PeopleStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  all(): Person[] {
    return this.#db
      .prepare<[], PersonRow>(
        `SELECT id, name, email, role, state, password_hash IS NOT NULL AS has_password,
           created_at_ms, updated_at_ms
         FROM people ORDER BY id`,
      )
      .all()
      .map(personOf);
  }

  insert(person: Person, passwordHash: string | null): void {
    this.#db
      .prepare(
        `INSERT INTO people VALUES
           (@id, @name, @email, @role, @passwordHash, @state, @createdAtMs, @updatedAtMs)`,
      )
      .run({ ...person, passwordHash, hasPassword: undefined });
  }

  update({ id, name, role, state, updatedAtMs }: Person): void {
    this.#db
      .prepare('UPDATE people SET name = ?, role = ?, state = ?, updated_at_ms = ? WHERE id = ?')
      .run(name, role, state, updatedAtMs, id);
  }

  delete(id: string): void {
    this.#db.prepare('DELETE FROM people WHERE id = ?').run(id);
  }

  passwordHash(id: string): string | undefined {
    const row = this.#db
      .prepare<[string], { hash: string | null }>(
        'SELECT password_hash AS hash FROM people WHERE id = ?',
      )
      .get(id);
    return row?.hash ?? undefined;
  }

  setPasswordHash(id: string, passwordHash: string, atMs: number): void {
    this.#db
      .prepare('UPDATE people SET password_hash = ?, updated_at_ms = ? WHERE id = ?')
      .run(passwordHash, atMs, id);
  }
}

const personOf = (row: PersonRow): Person => ({
  id: row.id,
  name: row.name,
  email: row.email,
  role: row.role,
  state: row.state,
  hasPassword: row.has_password === 1,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});
