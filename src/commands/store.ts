import type { Db } from '#db';
import type { ActionValue } from '#devices';
import type { Dialect } from './dialects.ts';
import { type CommandRecord, type HistoryEntry, watchMs } from './record.ts';
import type { CommandSource, CommandStatus } from './types.ts';

/** What is kept of a new command besides what can change. */
export interface NewCommand {
  readonly command: CommandRecord;
  /** The words it was asked in, before a toggle was resolved. */
  readonly asked: { readonly action: string; readonly value: ActionValue };
  readonly setsState: boolean;
  readonly idempotencyKey: string | null;
}

export interface CommandFilter {
  readonly deviceId?: string | undefined;
  /** Only those for one of these devices. */
  readonly deviceIds?: readonly string[] | undefined;
  readonly status?: CommandStatus | undefined;
  readonly limit: number;
  /** A command's id: only those asked for before it. */
  readonly before?: string | undefined;
}

interface Row {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: string;
  readonly asked: string;
  readonly source: CommandSource;
  readonly requested_by: string;
  readonly batch_id: string | null;
  readonly waits: 0 | 1;
  readonly status: CommandStatus;
  readonly attempts: number;
  readonly published: 0 | 1;
  readonly dialect: Dialect | null;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly sent_at_ms: number | null;
  readonly delivered_at_ms: number | null;
  readonly acknowledged_at_ms: number | null;
  readonly confirmed_at_ms: number | null;
  readonly error: string | null;
}

export const mostHistoryRows = 50;

/** The tables of this slice: commands, command_history. */
export class CommandStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Whether someone's transaction is open: what is written now may yet be taken back. */
  get isInTransaction(): boolean {
    return this.#db.inTransaction;
  }

  transaction(work: () => void): void {
    this.#db.transaction(work)();
  }

  insert({ command, asked, setsState, idempotencyKey }: NewCommand): void {
    this.#db
      .prepare(
        `INSERT INTO commands (id, device_id, action, value, asked, sets_state, source, requested_by,
           batch_id, idempotency_key, waits, status, attempts, published, created_at_ms,
           expires_at_ms)
         VALUES (@id, @deviceId, @action, @value, @asked, @setsState, @source, @requestedBy,
           @batchId, @idempotencyKey, @waits, @status, @attempts, 0, @createdAtMs, @expiresAtMs)`,
      )
      .run({
        ...columnsOf(command),
        deviceId: command.deviceId,
        action: command.action,
        value: JSON.stringify(command.value),
        asked: JSON.stringify(asked),
        setsState: setsState ? 1 : 0,
        source: command.source,
        requestedBy: command.requestedBy,
        batchId: command.batchId,
        idempotencyKey,
        waits: command.waits ? 1 : 0,
        createdAtMs: command.createdAtMs,
        expiresAtMs: command.expiresAtMs,
      });
  }

  /** Writes what can change of a command; one that is gone stays gone. */
  update(command: CommandRecord): void {
    this.#db
      .prepare(
        `UPDATE commands SET status = @status, attempts = @attempts, published = @published,
           dialect = @dialect, sent_at_ms = @sentAtMs, delivered_at_ms = @deliveredAtMs,
           acknowledged_at_ms = @acknowledgedAtMs, confirmed_at_ms = @confirmedAtMs,
           error = @error WHERE id = @id`,
      )
      .run(columnsOf(command));
  }

  /** Adds to a command's history, as far as there is room. */
  addHistory(id: string, entries: readonly HistoryEntry[]): void {
    const add = this.#db.prepare(
      `INSERT INTO command_history (command_id, number, at_ms, event, detail)
       SELECT id, number, @atMs, @event, @detail
       FROM (SELECT id, (SELECT count(*) FROM command_history WHERE command_id = @id) + 1 AS number
             FROM commands WHERE id = @id)
       WHERE number <= @most`,
    );
    for (const { atMs, event, detail } of entries) {
      add.run({ id, atMs: Math.floor(atMs), event, detail, most: mostHistoryRows });
    }
  }

  history(id: string): HistoryEntry[] {
    return this.#db
      .prepare<[string], HistoryEntry>(
        `SELECT at_ms AS atMs, event, detail FROM command_history
         WHERE command_id = ? ORDER BY number`,
      )
      .all(id);
  }

  find(id: string): CommandRecord | undefined {
    const row = this.#db.prepare<[string], Row>('SELECT * FROM commands WHERE id = ?').get(id);
    return row && recordOf(row);
  }

  /** Whether a command's history tells that it was answered more than once. */
  wasAnsweredAgain(id: string): boolean {
    const row = this.#db
      .prepare(
        "SELECT 1 FROM command_history WHERE command_id = ? AND event LIKE '% again' LIMIT 1",
      )
      .get(id);
    return row !== undefined;
  }

  /** Newest first. */
  list({ deviceId, deviceIds, status, limit, before }: CommandFilter): CommandRecord[] {
    // Only what is asked for is written into the query, so that SQLite can take the index.
    const conditions = [
      ...(deviceId === undefined ? [] : ['device_id = @deviceId']),
      ...(deviceIds === undefined ? [] : ['device_id IN (SELECT value FROM json_each(@anyOf))']),
      ...(status === undefined ? [] : ['status = @status']),
      ...(before === undefined ? [] : ['seq < (SELECT seq FROM commands WHERE id = @before)']),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#db
      .prepare<[object], Row>(`SELECT * FROM commands ${where} ORDER BY seq DESC LIMIT @limit`)
      .all({ deviceId, anyOf: JSON.stringify(deviceIds ?? []), status, before, limit })
      .map(recordOf);
  }

  /** Those that were asked for together, in their order. */
  ofBatch(batchId: string, most: number): CommandRecord[] {
    return this.#db
      .prepare<[string, number], Row>(
        'SELECT * FROM commands WHERE batch_id = ? ORDER BY seq LIMIT ?',
      )
      .all(batchId, most)
      .map(recordOf);
  }

  /** What is still to be done, and what may yet be confirmed; oldest first. */
  unsettled(nowMs: number): CommandRecord[] {
    return this.#db
      .prepare<[number], Row>(
        `SELECT * FROM commands
         WHERE status IN ('queued', 'sent', 'delivered', 'acknowledged')
           AND (status <> 'acknowledged' OR acknowledged_at_ms > ?)
         ORDER BY seq`,
      )
      .all(Math.floor(nowMs - watchMs))
      .map(recordOf);
  }

  /** The command that has a device's key, and the words it was asked in. */
  keyed(
    deviceId: string,
    key: string,
  ): { command: CommandRecord; asked: { action: string; value: ActionValue } } | undefined {
    const row = this.#db
      .prepare<[string, string], Row>(
        'SELECT * FROM commands WHERE device_id = ? AND idempotency_key = ?',
      )
      .get(deviceId, key);
    return row && { command: recordOf(row), asked: JSON.parse(row.asked) };
  }

  /** Lets go of a key, so that another command may have it. */
  releaseKey(id: string): void {
    this.#db.prepare('UPDATE commands SET idempotency_key = NULL WHERE id = ?').run(id);
  }

  /**
   * What a person last wanted a device to be like, newest first: what did not come to nothing, as
   * far as that was written down.
   */
  byHand(deviceId: string, most: number): CommandRecord[] {
    return this.#db
      .prepare<[string, number], Row>(
        `SELECT * FROM commands
         WHERE device_id = ? AND sets_state = 1 AND source IN ('manual', 'scene')
           AND status NOT IN ('rejected', 'expired', 'timed_out', 'cancelled')
         ORDER BY seq DESC LIMIT ?`,
      )
      .all(deviceId, most)
      .map(recordOf);
  }

  removeOf(deviceId: string): void {
    this.#db.prepare('DELETE FROM commands WHERE device_id = ?').run(deviceId);
  }

  /** Removes some of those of before `beforeMs` that are settled; returns how many. */
  removeOld(beforeMs: number, most: number): number {
    return this.#db
      .prepare(
        `DELETE FROM commands WHERE seq IN
           (SELECT seq FROM commands
            WHERE created_at_ms < ? AND status NOT IN ('queued', 'sent', 'delivered')
            ORDER BY created_at_ms LIMIT ?)`,
      )
      .run(Math.floor(beforeMs), most).changes;
  }
}

const columnsOf = (command: CommandRecord) => ({
  id: command.id,
  status: command.status,
  attempts: command.attempts,
  published: command.published ? 1 : 0,
  dialect: command.dialect,
  sentAtMs: command.sentAtMs,
  deliveredAtMs: command.deliveredAtMs,
  acknowledgedAtMs: command.acknowledgedAtMs,
  confirmedAtMs: command.confirmedAtMs,
  error: command.error,
});

const recordOf = (row: Row): CommandRecord => ({
  id: row.id,
  deviceId: row.device_id,
  action: row.action,
  value: JSON.parse(row.value) as ActionValue,
  source: row.source,
  requestedBy: row.requested_by,
  batchId: row.batch_id,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  waits: row.waits === 1,
  status: row.status,
  attempts: row.attempts,
  published: row.published === 1,
  dialect: row.dialect,
  sentAtMs: row.sent_at_ms,
  deliveredAtMs: row.delivered_at_ms,
  acknowledgedAtMs: row.acknowledged_at_ms,
  confirmedAtMs: row.confirmed_at_ms,
  error: row.error,
  agrees: false,
  unconfirmedDelivery: false,
  unproven: row.sent_at_ms !== null && row.delivered_at_ms === null ? 1 : 0,
  contradicted: [],
  answeredAgain: false,
});
