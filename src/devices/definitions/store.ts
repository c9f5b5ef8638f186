import type { Db } from '#db';

/** The table of the owner's own types. */
export class TypeStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  types(): { type: string; json: string }[] {
    return this.#db
      .prepare<[], { type: string; json: string }>(
        'SELECT type, json FROM device_types ORDER BY type',
      )
      .all();
  }

  putType(type: string, json: string): void {
    this.#db
      .prepare(
        `INSERT INTO device_types (type, json) VALUES (?, ?)
         ON CONFLICT (type) DO UPDATE SET json = excluded.json`,
      )
      .run(type, json);
  }

  removeType(type: string): void {
    this.#db.prepare('DELETE FROM device_types WHERE type = ?').run(type);
  }

  /** Runs `change` in one transaction. */
  atomically(change: () => void): void {
    this.#db.transaction(change)();
  }
}
