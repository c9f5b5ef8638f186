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

  /** Lets go of what was set aside of a device and received from `startUs`, before `endUs`. */
  eraseQuarantined(deviceId: string, startUs: number, endUs: number): void {
    const rows = this.#db
      .prepare('SELECT id, received_at AS receivedAt FROM quarantine WHERE device = ?')
      .all(deviceId) as { id: number; receivedAt: string }[];
    const remove = this.#db.prepare('DELETE FROM quarantine WHERE id = ?');
    this.#db.transaction(() => {
      for (const { id, receivedAt } of rows) {
        const receivedUs = Date.parse(receivedAt) * 1000;
        if (receivedUs >= startUs && receivedUs < endUs) remove.run(id);
      }
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
