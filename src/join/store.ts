import type { Db } from '#db';

/** A key that was known before its device came. */
export interface RegisteredKey {
  readonly deviceId: string;
  readonly batchId: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly type: string | undefined;
  readonly name: string | undefined;
  /** When its device joined; milliseconds since 1970. */
  readonly claimedAtMs: number | undefined;
}

export interface BatchRecord {
  readonly id: string;
  readonly name: string;
  readonly addedAtMs: number;
  readonly addedBy: string;
  /** How many devices it names, and how many of them have joined. */
  readonly devices: number;
  readonly claimed: number;
}

interface Row {
  readonly device_id: string;
  readonly batch_id: string;
  readonly public_key: Buffer;
  readonly type: string | null;
  readonly name: string | null;
  readonly claimed_at_ms: number | null;
}

/** The tables of registered keys. */
export class JoinStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  key(deviceId: string): RegisteredKey | undefined {
    return this.#keyWhere('device_id = ?', deviceId);
  }

  keyOf(publicKey: Buffer): RegisteredKey | undefined {
    return this.#keyWhere('public_key = ?', publicKey);
  }

  get keyCount(): number {
    const row = this.#db.prepare<[], { n: number }>('SELECT count(*) AS n FROM join_keys').get();
    return row?.n ?? 0;
  }

  /** All of it or, if the power goes, nothing. */
  addBatch(
    batch: Omit<BatchRecord, 'devices' | 'claimed'>,
    keys: readonly Omit<RegisteredKey, 'batchId' | 'claimedAtMs'>[],
  ): void {
    const insert = this.#db.prepare(
      `INSERT INTO join_keys (device_id, batch_id, public_key, type, name)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT INTO join_batches (id, name, added_at_ms, added_by)
           VALUES (@id, @name, @addedAtMs, @addedBy)`,
        )
        .run(batch);
      for (const { deviceId, publicKey, type, name } of keys) {
        insert.run(deviceId, batch.id, publicKey, type ?? null, name ?? null);
      }
    })();
  }

  /** Newest first. */
  batches(): BatchRecord[] {
    return this.#db
      .prepare<[], BatchRecord>(
        `SELECT b.id, b.name, b.added_at_ms AS addedAtMs, b.added_by AS addedBy,
                count(k.device_id) AS devices, count(k.claimed_at_ms) AS claimed
         FROM join_batches b LEFT JOIN join_keys k ON k.batch_id = b.id
         GROUP BY b.id ORDER BY b.id DESC`,
      )
      .all();
  }

  removeBatch(id: string): boolean {
    return this.#db.prepare('DELETE FROM join_batches WHERE id = ?').run(id).changes > 0;
  }

  markClaimed(deviceId: string, atMs: number): void {
    this.#db
      .prepare(
        'UPDATE join_keys SET claimed_at_ms = ? WHERE device_id = ? AND claimed_at_ms IS NULL',
      )
      .run(Math.floor(atMs), deviceId);
  }

  #keyWhere(condition: string, value: string | Buffer): RegisteredKey | undefined {
    const row = this.#db
      .prepare<[string | Buffer], Row>(`SELECT * FROM join_keys WHERE ${condition}`)
      .get(value);
    return (
      row && {
        deviceId: row.device_id,
        batchId: row.batch_id,
        publicKey: row.public_key,
        type: row.type ?? undefined,
        name: row.name ?? undefined,
        claimedAtMs: row.claimed_at_ms ?? undefined,
      }
    );
  }
}
