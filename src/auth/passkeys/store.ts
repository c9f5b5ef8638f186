import type { Db } from '#db';
import type { StoredPasskey } from './types.ts';

interface Row {
  readonly id: string;
  readonly credential_id: string;
  readonly person_id: string;
  readonly rp_id: string;
  readonly name: string;
  readonly public_key: Buffer<ArrayBuffer>;
  readonly counter: number;
  readonly transports: string;
  readonly created_at_ms: number;
  readonly last_used_at_ms: number | null;
}

export class PasskeyStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Answer>(action: () => Answer): Answer {
    return this.#db.transaction(action)();
  }

  /** Returns false when there is a passkey with this credential id. */
  insert(passkey: StoredPasskey): boolean {
    const { changes } = this.#db
      .prepare(
        `INSERT INTO passkeys (id, credential_id, person_id, rp_id, name, public_key, counter,
           transports, created_at_ms)
         VALUES (@id, @credentialId, @personId, @rpId, @name, @publicKey, @counter,
           @transports, @createdAtMs)
         ON CONFLICT (credential_id) DO NOTHING`,
      )
      .run({
        ...passkey,
        publicKey: Buffer.from(passkey.publicKey),
        transports: JSON.stringify(passkey.transports),
      });
    return changes === 1;
  }

  /** The passkeys of a person, oldest first. */
  of(personId: string): StoredPasskey[] {
    return this.#db
      .prepare<[string], Row>('SELECT * FROM passkeys WHERE person_id = ? ORDER BY id')
      .all(personId)
      .map(passkeyOf);
  }

  byCredential(credentialId: string): StoredPasskey | undefined {
    const row = this.#db
      .prepare<[string], Row>('SELECT * FROM passkeys WHERE credential_id = ?')
      .get(credentialId);
    return row && passkeyOf(row);
  }

  /** Returns false when the counter is not `before` any more, or the passkey is gone. */
  use(id: string, before: number, counter: number, atMs: number): boolean {
    const { changes } = this.#db
      .prepare('UPDATE passkeys SET counter = ?, last_used_at_ms = ? WHERE id = ? AND counter = ?')
      .run(counter, atMs, id, before);
    return changes === 1;
  }

  /** Returns whether the person has such a passkey. */
  rename(personId: string, id: string, name: string): boolean {
    const { changes } = this.#db
      .prepare('UPDATE passkeys SET name = ? WHERE id = ? AND person_id = ?')
      .run(name, id, personId);
    return changes === 1;
  }

  /** Returns whether the person had such a passkey. */
  delete(personId: string, id: string): boolean {
    const { changes } = this.#db
      .prepare('DELETE FROM passkeys WHERE id = ? AND person_id = ?')
      .run(id, personId);
    return changes === 1;
  }
}

const passkeyOf = (row: Row): StoredPasskey => ({
  id: row.id,
  credentialId: row.credential_id,
  personId: row.person_id,
  rpId: row.rp_id,
  name: row.name,
  publicKey: new Uint8Array(row.public_key),
  counter: row.counter,
  transports: JSON.parse(row.transports) as string[],
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms ?? undefined,
});
