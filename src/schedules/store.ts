import type { Db } from '#db';
import type { Scalar, StateMap } from '#devices';
import type { DeviceRun, RunRecord, ScheduleRecord } from './record.ts';
import type { Cause } from './resolve.ts';
import type { Word } from './types.ts';

interface ScheduleRow {
  readonly id: string;
  readonly name: string | null;
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly enabled: number;
  readonly rule: string;
  readonly action: string;
  readonly value: string;
  readonly end_action: string;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly effective_from_ms: number;
}

interface RunRow {
  readonly seq: number;
  readonly schedule_id: string;
  readonly at_ms: number;
  readonly edge: RunRecord['edge'];
  readonly outcome: RunRecord['outcome'];
  readonly count: number;
  readonly devices: string;
}

interface HoldingRow {
  readonly device_id: string;
  readonly word: string;
  readonly cause: string;
  readonly since_ms: number;
  readonly decided_at_ms: number;
  readonly settled: number;
  readonly command_ids: string;
  readonly rejected_at_ms: number | null;
}

/** What an override gave back. */
export interface Baseline {
  readonly deviceId: string;
  readonly overrideId: string;
  /** When it held: as of then it is weighed against a schedule's edges. */
  readonly atMs: number;
  readonly state: StateMap;
  /** Nothing was known of how it was: `state` is off. */
  readonly isAssumed?: boolean;
}

/** What was last decided for a device. */
export interface Holding {
  readonly deviceId: string;
  readonly word: Word;
  readonly cause: Cause;
  readonly sinceMs: number;
  readonly decidedAtMs: number;
  /** The device took it, or was so already. */
  readonly settled: boolean;
  /** Commands that are to bring it about and have not been answered. */
  readonly commandIds: readonly string[];
  readonly rejectedAtMs: number | null;
}

const mostRuns = 200;
const runsKeptMs = 30 * 86_400_000;

/** The tables of this slice. */
export class ScheduleStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Result>(action: () => Result): Result {
    return this.#db.transaction(action)();
  }

  /** In the order they were made. */
  schedules(): ScheduleRecord[] {
    return this.#db
      .prepare<[], ScheduleRow>('SELECT * FROM schedules ORDER BY created_at_ms, id')
      .all()
      .map(recordOf);
  }

  put(record: ScheduleRecord): void {
    this.#db
      .prepare(
        `INSERT INTO schedules (id, name, device_id, group_id, enabled, rule, action, value,
           end_action, created_at_ms, updated_at_ms, effective_from_ms)
         VALUES (@id, @name, @deviceId, @groupId, @enabled, @rule, @action, @value,
           @endAction, @createdAtMs, @updatedAtMs, @effectiveFromMs)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, device_id = excluded.device_id,
           group_id = excluded.group_id, enabled = excluded.enabled, rule = excluded.rule,
           action = excluded.action, value = excluded.value, end_action = excluded.end_action,
           updated_at_ms = excluded.updated_at_ms,
           effective_from_ms = excluded.effective_from_ms`,
      )
      .run({
        ...record,
        enabled: record.enabled ? 1 : 0,
        rule: JSON.stringify(record.rule),
        value: JSON.stringify(record.value),
        endAction: JSON.stringify(record.endAction),
      });
  }

  /** With its runs. */
  remove(id: string): void {
    this.#db.prepare('DELETE FROM schedules WHERE id = ?').run(id);
  }

  /** Begins a run and lets go of the schedule's oldest; returns its number. */
  addRun(run: Omit<RunRecord, 'seq' | 'devices'>): number {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO schedule_runs (schedule_id, at_ms, edge, outcome, count, devices)
         VALUES (@scheduleId, @atMs, @edge, @outcome, @count, 'null')`,
      )
      .run(run);
    this.#db
      .prepare(
        `DELETE FROM schedule_runs WHERE schedule_id = @id AND seq <=
           (SELECT seq FROM schedule_runs WHERE schedule_id = @id
            ORDER BY seq DESC LIMIT 1 OFFSET @most)`,
      )
      .run({ id: run.scheduleId, most: mostRuns });
    return Number(lastInsertRowid);
  }

  /** Runs of which it was never written what came of them, in order. */
  unfinishedRuns(): RunRecord[] {
    return this.#db
      .prepare<[], RunRow>("SELECT * FROM schedule_runs WHERE devices = 'null' ORDER BY seq")
      .all()
      .map(runOf);
  }

  setRunDevices(seq: number, devices: readonly DeviceRun[]): void {
    this.#db
      .prepare('UPDATE schedule_runs SET devices = ? WHERE seq = ?')
      .run(JSON.stringify(devices), seq);
  }

  forgetOldRuns(nowMs: number): void {
    this.#db
      .prepare('DELETE FROM schedule_runs WHERE at_ms < ?')
      .run(Math.floor(nowMs - runsKeptMs));
  }

  /** Newest first. */
  runs(scheduleId: string, limit: number): RunRecord[] {
    return this.#db
      .prepare<[string, number], RunRow>(
        'SELECT * FROM schedule_runs WHERE schedule_id = ? ORDER BY seq DESC LIMIT ?',
      )
      .all(scheduleId, limit)
      .map(runOf);
  }

  /** The newest run of each schedule. */
  lastRuns(): RunRecord[] {
    return this.#db
      .prepare<[], RunRow>(
        `SELECT * FROM schedule_runs WHERE seq IN
           (SELECT max(seq) FROM schedule_runs GROUP BY schedule_id)`,
      )
      .all()
      .map(runOf);
  }

  baseline(deviceId: string): Baseline | undefined {
    const row = this.#db
      .prepare<[string], { override_id: string; at_ms: number; state: string }>(
        'SELECT override_id, at_ms, state FROM schedule_baselines WHERE device_id = ?',
      )
      .get(deviceId);
    if (row === undefined) return undefined;
    const given = JSON.parse(row.state) as Record<string, Scalar | null>;
    const state = Object.fromEntries(
      Object.entries(given).map(([name, value]): [string, Scalar] => [name, value ?? false]),
    );
    const isAssumed = Object.values(given).includes(null);
    return { deviceId, overrideId: row.override_id, atMs: row.at_ms, state, isAssumed };
  }

  /** What is off because nobody knew how it was is written as null. */
  putBaseline({ deviceId, overrideId, atMs, state, isAssumed }: Baseline): void {
    const given = isAssumed
      ? Object.fromEntries(Object.keys(state).map((name) => [name, null]))
      : state;
    this.#db
      .prepare('INSERT OR REPLACE INTO schedule_baselines VALUES (?, ?, ?, ?)')
      .run(deviceId, overrideId, Math.floor(atMs), JSON.stringify(given));
  }

  holdings(): Holding[] {
    return this.#db
      .prepare<[], HoldingRow>('SELECT * FROM schedule_holdings')
      .all()
      .map((row) => ({
        deviceId: row.device_id,
        word: JSON.parse(row.word) as Word,
        cause: JSON.parse(row.cause) as Cause,
        sinceMs: row.since_ms,
        decidedAtMs: row.decided_at_ms,
        settled: row.settled === 1,
        commandIds: JSON.parse(row.command_ids) as string[],
        rejectedAtMs: row.rejected_at_ms,
      }));
  }

  putHolding(holding: Holding): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO schedule_holdings VALUES
           (@deviceId, @word, @cause, @sinceMs, @decidedAtMs, @settled, @commandIds, @rejectedAtMs)`,
      )
      .run({
        ...holding,
        word: JSON.stringify(holding.word),
        cause: JSON.stringify(holding.cause),
        settled: holding.settled ? 1 : 0,
        commandIds: JSON.stringify(holding.commandIds),
      });
  }

  removeHolding(deviceId: string): void {
    this.#db.prepare('DELETE FROM schedule_holdings WHERE device_id = ?').run(deviceId);
  }

  removeBaseline(deviceId: string): void {
    this.#db.prepare('DELETE FROM schedule_baselines WHERE device_id = ?').run(deviceId);
  }
}

const recordOf = (row: ScheduleRow): ScheduleRecord => ({
  id: row.id,
  name: row.name,
  deviceId: row.device_id,
  groupId: row.group_id,
  enabled: row.enabled === 1,
  rule: JSON.parse(row.rule) as ScheduleRecord['rule'],
  action: row.action,
  value: JSON.parse(row.value) as ScheduleRecord['value'],
  endAction: JSON.parse(row.end_action) as ScheduleRecord['endAction'],
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
  effectiveFromMs: row.effective_from_ms,
});

const runOf = (row: RunRow): RunRecord => ({
  seq: row.seq,
  scheduleId: row.schedule_id,
  atMs: row.at_ms,
  edge: row.edge,
  outcome: row.outcome,
  count: row.count,
  devices: (JSON.parse(row.devices) as DeviceRun[] | null) ?? [],
});
