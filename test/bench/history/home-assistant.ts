import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type HistoryPeer, timed } from './peer.ts';
import { bytesUnder } from './size.ts';
import { deviceCount, deviceId, home, metrics, minuteMs } from './year.ts';

const hourMinutes = 60;
const dayS = 86_400;

/**
 * The tables of Home Assistant's recorder that hold history (schema 48): states as texts, and hourly
 * statistics. Without Home Assistant around them, so that this is the least it can take.
 */
export async function startHomeAssistant(): Promise<HistoryPeer> {
  const directory = await mkdtemp(join(tmpdir(), 'home-assistant-'));
  const db = new Database(join(directory, 'home-assistant_v2.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(`
    CREATE TABLE states (state_id INTEGER PRIMARY KEY, state VARCHAR(255), last_changed_ts FLOAT,
      last_reported_ts FLOAT, last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER,
      context_id_bin BLOB, origin_idx SMALLINT, metadata_id INTEGER);
    CREATE TABLE statistics (id INTEGER PRIMARY KEY, created_ts FLOAT, metadata_id INTEGER,
      start_ts FLOAT, mean FLOAT, min FLOAT, max FLOAT, last_reset_ts FLOAT, state FLOAT, sum FLOAT);
    CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
    CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
    CREATE INDEX ix_states_old_state_id ON states (old_state_id);
    CREATE UNIQUE INDEX ix_statistics_statistic_id_start_ts ON statistics (metadata_id, start_ts);
    CREATE INDEX ix_statistics_start_ts ON statistics (start_ts);
  `);
  return new HomeAssistant(directory, db);
}

class HomeAssistant implements HistoryPeer {
  readonly name = "Home Assistant's SQLite";
  readonly #directory: string;
  readonly #db: Database.Database;

  constructor(directory: string, db: Database.Database) {
    this.#directory = directory;
    this.#db = db;
  }

  async fill(startMs: number, minutes: number): Promise<number> {
    const db = this.#db;
    const insert = db.prepare(
      'INSERT INTO states (state, last_updated_ts, old_state_id, attributes_id, context_id_bin, origin_idx, metadata_id) VALUES (?, ?, ?, 1, ?, 0, ?)',
    );
    const context = Buffer.alloc(16, 7);
    const last = new Map<number, number | bigint>();
    db.exec('BEGIN');
    for (const { at, device, row } of home(minutes)) {
      if (device === 0 && at % hourMinutes === 0) db.exec('COMMIT; BEGIN');
      for (const [index, metric] of metrics.entries()) {
        const id = idOf(device, index);
        const seconds = (startMs + at * minuteMs) / 1000;
        const old = last.get(id) ?? null;
        last.set(id, insert.run(String(row[metric]), seconds, old, context, id).lastInsertRowid);
      }
    }
    db.exec('COMMIT');
    db.exec(`INSERT INTO statistics (created_ts, metadata_id, start_ts, mean, min, max)
      SELECT 0, metadata_id, CAST(last_updated_ts / 3600 AS INTEGER) * 3600.0 AS hour,
             avg(CAST(state AS FLOAT)), min(CAST(state AS FLOAT)), max(CAST(state AS FLOAT))
      FROM states GROUP BY metadata_id, hour`);
    db.pragma('wal_checkpoint(TRUNCATE)');
    return bytesUnder(this.#directory);
  }

  rawDay(device: string, startMs: number, runs: number): Promise<number[]> {
    const ask = this.#db.prepare(
      'SELECT last_updated_ts, state FROM states WHERE metadata_id = ? AND last_updated_ts >= ? AND last_updated_ts < ? ORDER BY last_updated_ts',
    );
    const startS = startMs / 1000;
    return timed(runs, () => ask.all(numberOf(device), startS, startS + dayS));
  }

  daily(device: string, startMs: number, endMs: number, runs: number): Promise<number[]> {
    const ask = this.#db.prepare(
      `SELECT CAST(start_ts / ${dayS} AS INTEGER) AS day, avg(mean), min(min), max(max) FROM statistics
       WHERE metadata_id = ? AND start_ts >= ? AND start_ts < ? GROUP BY day`,
    );
    return timed(runs, () => ask.all(numberOf(device), startMs / 1000, endMs / 1000));
  }

  statistics(startMs: number, endMs: number, runs: number): Promise<number[]> {
    const ask = this.#db.prepare(
      `SELECT metadata_id, count(*), min(min), max(max), avg(mean) FROM statistics
       WHERE start_ts >= ? AND start_ts < ? GROUP BY metadata_id`,
    );
    return timed(runs, () => ask.all(startMs / 1000, endMs / 1000));
  }

  async stop(): Promise<void> {
    this.#db.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Of a device's metric; power is the first. */
const idOf = (device: number, metric: number): number => device * metrics.length + metric + 1;

function numberOf(device: string): number {
  const ids = Array.from({ length: deviceCount }, (_, at) => deviceId(at));
  return idOf(ids.indexOf(device), 0);
}
