import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Db } from '#db';

type Row = Record<string, unknown>;

/**
 * Reads whatever can still be read of a damaged journal.db into a new one. SQLite gives up a scan at
 * the first bad page, so each table is read from both ends, and what lies between is looked up row
 * by row; `series` is read from its index too, which holds all of it a second time.
 * @returns what was saved, in words.
 */
export function salvage(damagedFolder: string, target: Db): string {
  // Opened as a copy: opening replays its WAL, and the evidence should stay as it was found.
  const folder = mkdtempSync(join(damagedFolder, 'copy-'));
  try {
    for (const name of ['journal.db', 'journal.db-wal']) {
      const path = join(damagedFolder, name);
      if (existsSync(path)) copyFileSync(path, join(folder, name));
    }
    const path = join(folder, 'journal.db');
    repairHeader(path);
    const source = new Database(path);
    try {
      return copyTables(source, target);
    } finally {
      source.close();
    }
  } catch (error) {
    return `nothing of it could be read (${error instanceof Error ? error.message : error})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts back the start of the file header that never differs between our journals: magic, page size,
 * file format 2 (WAL), no reserved space, payload fractions (SQLite file format §1.3).
 */
function repairHeader(path: string): void {
  const expected = Buffer.from('53514c69746520666f726d61742033001000020200402020', 'hex');
  const file = openSync(path, 'r+');
  try {
    const found = Buffer.alloc(expected.length);
    readSync(file, found, 0, found.length, 0);
    if (!found.equals(expected)) writeSync(file, expected, 0, expected.length, 0);
  } finally {
    closeSync(file);
  }
}

function copyTables(source: Db, target: Db): string {
  source.pragma('cell_size_check = ON');
  const series = [
    ...fromBothEnds(source, 'SELECT id, device, metric FROM series NOT INDEXED', 'id'),
    ...fromBothEnds(
      source,
      'SELECT id, device, metric FROM series INDEXED BY sqlite_autoindex_series_1',
      'device',
    ),
  ].filter(
    (row) =>
      Number.isSafeInteger(row.id) &&
      typeof row.device === 'string' &&
      row.device !== '' &&
      row.metric,
  );
  insert(target, 'series', series);
  insert(target, 'files', fromBothEnds(source, 'SELECT * FROM files', 'rowid'));
  for (const table of ['ranges', 'former_ranges']) {
    insert(target, 'former_ranges', fromBothEnds(source, `SELECT * FROM ${table}`, 'device'));
  }
  insert(target, 'extents', fromBothEnds(source, 'SELECT * FROM extents', 'device'));
  insert(target, 'days', fromBothEnds(source, 'SELECT * FROM days', 'from_us'));
  insert(target, 'unfinished', fromBothEnds(source, 'SELECT * FROM unfinished', 'name'));
  insert(target, 'erasures', fromBothEnds(source, 'SELECT * FROM erasures', 'id'));
  insert(target, 'deliveries', fromBothEnds(source, 'SELECT * FROM deliveries', 'device'));
  const [progress] = fromBothEnds(source, 'SELECT * FROM progress', 'one');
  target
    .prepare(
      `UPDATE progress SET sealed_seq = max(sealed_seq, ?), next_file = max(next_file, ?),
                           salvaged = 1`,
    )
    .run(Number(progress?.sealed_seq ?? 0) || 0, Number(progress?.next_file ?? 1) || 1);
  insert(target, 'forgotten', fromBothEnds(source, 'SELECT * FROM forgotten', 'series'));
  insert(target, 'gaps', fromBothEnds(source, 'SELECT * FROM gaps', 'first_seq'));
  insert(target, 'incidents', fromBothEnds(source, 'SELECT * FROM incidents', 'id'));
  insert(target, 'quarantine', fromBothEnds(source, 'SELECT * FROM quarantine', 'id'));
  const batches = insert(target, 'batches', readBatches(source));
  return `${batches} batches and ${series.length > 0 ? 'the names of their metrics' : 'no names'} were read from it`;
}

/** The rows of a query from its first to the first unreadable one, and from its last back to one. */
function fromBothEnds(source: Db, query: string, order: string): Row[] {
  const rows: Row[] = [];
  const complete = readInto(rows, source, `${query} ORDER BY ${order} ASC`);
  if (!complete) readInto(rows, source, `${query} ORDER BY ${order} DESC`);
  return rows;
}

/** Reads until the end (`true`) or until SQLite finds damage (`false`). */
function readInto(rows: Row[], source: Db, query: string): boolean {
  try {
    for (const row of source.prepare(query).iterate()) rows.push(row as Row);
    return true;
  } catch {
    return false;
  }
}

/** Sequence numbers that are looked up one by one at most. */
const mostLookups = 200_000;
/** Look-ups in a row that may fail before the rest is given up: more than one page holds. */
const mostFailures = 5_000;

function readBatches(source: Db): Row[] {
  const ascending: Row[] = [];
  if (readInto(ascending, source, 'SELECT * FROM batches ORDER BY seq ASC')) return ascending;
  const descending: Row[] = [];
  readInto(descending, source, 'SELECT * FROM batches ORDER BY seq DESC');
  const first = Number(ascending.at(-1)?.seq ?? 0);
  const last = Number(descending.at(-1)?.seq ?? first + mostLookups);
  const between: Row[] = [];
  for (let seq = first + 1, failures = 0; seq < last && seq - first < mostLookups; seq++) {
    const readable = readInto(between, source, `SELECT * FROM batches WHERE seq = ${seq}`);
    failures = readable ? 0 : failures + 1;
    if (failures > mostFailures) break;
  }
  return [...ascending, ...between, ...descending];
}

/** Inserts what fits the table; rows that do not are what the damage made of them. */
function insert(target: Db, table: string, rows: readonly Row[]): number {
  const first = rows[0];
  if (first === undefined) return 0;
  const columns = Object.keys(first);
  const statement = target.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  let inserted = 0;
  target.transaction(() => {
    for (const row of rows) {
      try {
        inserted += statement.run(...columns.map((column) => row[column])).changes;
      } catch {
        // A row that breaks a constraint is damaged itself; the sequence check reports the loss.
      }
    }
  })();
  return inserted;
}
