import type { Db } from '#db';

/** How far the journal is known to have come: one row of hearth.db. */
export class HighWaterMark {
  readonly #db: Db;
  #saved = 0;

  constructor(db: Db) {
    this.#db = db;
  }

  read(): number {
    const row = this.#db.prepare('SELECT committed_seq FROM telemetry_mark WHERE one = 1').get() as
      | { committed_seq: number }
      | undefined;
    this.#saved = row?.committed_seq ?? 0;
    return this.#saved;
  }

  raise(committedSeq: number): void {
    if (committedSeq <= this.#saved) return;
    this.#db.prepare('UPDATE telemetry_mark SET committed_seq = ? WHERE one = 1').run(committedSeq);
    this.#saved = committedSeq;
  }
}

/** What sealing keeps in hearth.db: its data keys, and of which metrics there are sealed values. */
export class SealedStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Oldest first. */
  keys(): { id: number; sealed: string }[] {
    return this.#db
      .prepare<[], { id: number; sealed: string }>(
        'SELECT id, sealed FROM telemetry_keys ORDER BY id',
      )
      .all();
  }

  /** Answers the key's number. */
  addKey(sealed: string, nowMs: number): number {
    const added = this.#db
      .prepare('INSERT INTO telemetry_keys (sealed, created_at_ms) VALUES (?, ?)')
      .run(sealed, Math.floor(nowMs));
    return Number(added.lastInsertRowid);
  }

  /** All of them in one transaction: none is left behind. */
  resealKeys(reseal: (sealed: string) => string): void {
    const update = this.#db.prepare('UPDATE telemetry_keys SET sealed = ? WHERE id = ?');
    this.#db.transaction(() => {
      for (const { id, sealed } of this.keys()) update.run(reseal(sealed), id);
    })();
  }

  sealed(): { deviceId: string; metric: string }[] {
    return this.#db
      .prepare<[], { deviceId: string; metric: string }>(
        'SELECT device_id AS deviceId, metric FROM telemetry_sealed',
      )
      .all();
  }

  addSealed(metrics: readonly { readonly deviceId: string; readonly metric: string }[]): void {
    const add = this.#db.prepare(
      'INSERT OR IGNORE INTO telemetry_sealed (device_id, metric) VALUES (?, ?)',
    );
    this.#db.transaction(() => {
      for (const { deviceId, metric } of metrics) add.run(deviceId, metric);
    })();
  }

  removeSealed(deviceId: string): void {
    this.#db.prepare('DELETE FROM telemetry_sealed WHERE device_id = ?').run(deviceId);
  }
}
