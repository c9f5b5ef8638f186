import type { Db } from '#db';
import type { QuarantinedMessage, StorageIncident } from '../types.ts';

const incidentsKept = 500;

/** What went wrong, for the owner to read: incidents of the store, and messages set aside. */
export class Ledger {
  readonly #db: Db;
  readonly #quarantineKept: number;

  constructor(db: Db, quarantineKept: number) {
    this.#db = db;
    this.#quarantineKept = quarantineKept;
  }

  addIncident(incident: StorageIncident): void {
    this.#db
      .prepare('INSERT INTO incidents (at, kind, detail) VALUES (?, ?, ?)')
      .run(incident.at, incident.kind, incident.detail);
    this.#db
      .prepare('DELETE FROM incidents WHERE id <= (SELECT max(id) FROM incidents) - ?')
      .run(incidentsKept);
  }

  /** Newest first. */
  incidents(): StorageIncident[] {
    return this.#db
      .prepare('SELECT at, kind, detail FROM incidents ORDER BY id DESC')
      .all() as StorageIncident[];
  }

  addQuarantined(entries: readonly QuarantinedMessage[]): void {
    const insert = this.#db.prepare(
      `INSERT OR REPLACE INTO quarantine (id, device, received_at, source, topic, field, reason, payload)
       VALUES (@id, @deviceId, @receivedAt, @source, @topic, @field, @reason, @payload)`,
    );
    this.#db.transaction(() => {
      for (const entry of entries) insert.run(entry);
      this.#db
        .prepare('DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?')
        .run(this.#quarantineKept);
    })();
  }

  /** Oldest first. */
  quarantined(): QuarantinedMessage[] {
    return this.#db
      .prepare(
        `SELECT id, device AS deviceId, received_at AS receivedAt, source, topic, field, reason, payload
         FROM quarantine ORDER BY id`,
      )
      .all() as QuarantinedMessage[];
  }
}
