import type { Db } from '#db';
import type { OverrideRecord } from './types.ts';

interface Row extends Omit<OverrideRecord, 'value' | 'saved'> {
  readonly value: string;
  readonly saved: string;
}

const mostOfDevice = 100;

const columns = `id, device_id AS deviceId, action, value, status, started_at_ms AS startedAtMs,
  baseline_at_ms AS baselineAtMs, ends_at_ms AS endsAtMs, saved, requested_by AS requestedBy,
  command_id AS commandId, ended_at_ms AS endedAtMs, ended_because AS endedBecause`;

/** Overrides that run, and the last of each device that did. */
export class OverrideStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Result>(work: () => Result): Result {
    return this.#db.transaction(work)();
  }

  running(): OverrideRecord[] {
    return this.#db
      .prepare<[], Row>(`SELECT ${columns} FROM overrides WHERE status = 'active'`)
      .all()
      .map(recordOf);
  }

  /** Whether one runs, as far as the disk knows, or the transaction that is open. */
  runs(id: string): boolean {
    return (
      this.#db.prepare("SELECT 1 FROM overrides WHERE id = ? AND status = 'active'").get(id) !==
      undefined
    );
  }

  /** Those of one device, newest first. */
  list(deviceId: string): OverrideRecord[] {
    return this.#db
      .prepare<[string], Row>(
        `SELECT ${columns} FROM overrides WHERE device_id = ? ORDER BY seq DESC`,
      )
      .all(deviceId)
      .map(recordOf);
  }

  /** Adds one, and forgets what is too old to be shown. */
  add(record: OverrideRecord): void {
    this.#db
      .prepare(
        `INSERT INTO overrides (id, device_id, action, value, status, started_at_ms,
           baseline_at_ms, ends_at_ms, saved, requested_by, command_id, ended_at_ms, ended_because)
         VALUES (@id, @deviceId, @action, @value, @status, @startedAtMs, @baselineAtMs, @endsAtMs,
           @saved, @requestedBy, @commandId, @endedAtMs, @endedBecause)`,
      )
      .run(rowOf(record));
    this.#db
      .prepare(
        `DELETE FROM overrides WHERE device_id = @deviceId AND seq <=
           (SELECT seq FROM overrides WHERE device_id = @deviceId
            ORDER BY seq DESC LIMIT 1 OFFSET @mostOfDevice)`,
      )
      .run({ deviceId: record.deviceId, mostOfDevice });
  }

  /** Writes what may change of one: its moments, its command, its end. */
  update(record: OverrideRecord): void {
    this.#db
      .prepare(
        `UPDATE overrides SET status = @status, started_at_ms = @startedAtMs,
           baseline_at_ms = @baselineAtMs, ends_at_ms = @endsAtMs, command_id = @commandId,
           ended_at_ms = @endedAtMs, ended_because = @endedBecause
         WHERE id = @id`,
      )
      .run(rowOf(record));
  }
}

const rowOf = (record: OverrideRecord): Row => ({
  ...record,
  value: JSON.stringify(record.value),
  saved: JSON.stringify(record.saved),
});

const recordOf = (row: Row): OverrideRecord => ({
  ...row,
  value: JSON.parse(row.value) as OverrideRecord['value'],
  saved: JSON.parse(row.saved) as OverrideRecord['saved'],
});
