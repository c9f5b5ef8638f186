import type { Db } from '#db';
import type { Link } from './types.ts';

interface Row {
  readonly issuer: string;
  readonly subject: string;
  readonly person_id: string;
  readonly email: string | null;
  readonly created_at_ms: number;
  readonly last_used_at_ms: number | null;
}

export class LinkStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Answer>(action: () => Answer): Answer {
    return this.#db.transaction(action)();
  }

  get(issuer: string, subject: string): Link | undefined {
    const row = this.#db
      .prepare<[string, string], Row>('SELECT * FROM oidc_links WHERE issuer = ? AND subject = ?')
      .get(issuer, subject);
    return row && linkOf(row);
  }

  /** The account of a person; at the provider that is set up, or at any. */
  of(personId: string, issuer?: string): Link | undefined {
    const row = this.#db
      .prepare<{ personId: string; issuer: string | null }, Row>(
        `SELECT * FROM oidc_links
         WHERE person_id = @personId AND (@issuer IS NULL OR issuer = @issuer) LIMIT 1`,
      )
      .get({ personId, issuer: issuer ?? null });
    return row && linkOf(row);
  }

  /** Returns false when the account, or the person, is linked already. */
  insert({ issuer, subject, personId, email, createdAtMs }: Link): boolean {
    const { changes } = this.#db
      .prepare(
        `INSERT INTO oidc_links (issuer, subject, person_id, email, created_at_ms)
         VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(issuer, subject, personId, email ?? null, createdAtMs);
    return changes === 1;
  }

  use(issuer: string, subject: string, atMs: number): void {
    this.#db
      .prepare('UPDATE oidc_links SET last_used_at_ms = ? WHERE issuer = ? AND subject = ?')
      .run(atMs, issuer, subject);
  }

  delete(issuer: string, subject: string): void {
    this.#db
      .prepare('DELETE FROM oidc_links WHERE issuer = ? AND subject = ?')
      .run(issuer, subject);
  }
}

const linkOf = (row: Row): Link => ({
  issuer: row.issuer,
  subject: row.subject,
  personId: row.person_id,
  email: row.email ?? undefined,
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms ?? undefined,
});
