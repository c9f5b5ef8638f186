import { mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { HearthError, isHearthError, isoOfMicroseconds, messageOf } from '#kernel';
import type { ExportColumn, ExportDay, ExportedDevice, ExportFile } from '../exports/types.ts';
import { kinds } from '../points.ts';
import { quoted } from './database.ts';
import { columnsOf, type SurveyedMetric } from './export-columns.ts';
import type { ValuePage, WideExportAnswer, WideExportJob } from './export-job.ts';
import { readingsOf } from './export-readings.ts';
import { columnPlacesSql, copySql, wideSql } from './export-sql.ts';
import type { Work } from './work.ts';

const memoryMb = 256;
/** What one file of years needs to be sorted. */
const spillMb = 32 * 1024;
/** A table wider than this is of no use to anyone, and each column costs time in every row. */
const mostMetrics = 1000;
const chunkRows = 2048;
const hourUs = 3600e6;

/** Writes the wide table, day by day, so that a year takes no more memory than a day. */
export async function runWideExport(job: WideExportJob, work: Work): Promise<WideExportAnswer> {
  try {
    return await writeAll(job, work);
  } catch (error) {
    throw isHearthError(error) ? error : plainly(error);
  }
}

async function writeAll(job: WideExportJob, work: Work): Promise<WideExportAnswer> {
  const paths = job.snapshot?.files.map(({ path }) => path) ?? [];
  const { connection } = await work.open({
    memoryMb,
    spillMb,
    paths,
    directories: [job.folder, work.directory],
  });
  await prepare(connection, job);
  if (job.hasPages) await takePages(connection, work);
  const { metrics, devices, hasReadings } = await survey(connection, job);
  const columns = columnsOf(metrics);
  if (metrics.length > mostMetrics) throw tooWide(metrics.length);
  await connection.run(columnPlacesSql(columns));
  const isOneFile = job.partition === 'none';
  const folder = isOneFile ? join(work.directory, 'days') : job.folder;
  const dayFormat = isOneFile ? 'parquet' : job.format;
  const files: ExportFile[] = [];
  const sum = { rows: 0, bytes: 0 };
  for (const [at, day] of job.days.entries()) {
    if (!hasReadings(day)) continue;
    const rows = wideSql(readingsOf(job, day), columns, job.offsets);
    const name = `date=${day.date}/part-0.${dayFormat}`;
    const sql = (path: string) => copySql(rows, columns, dayFormat, path, job.timeZone);
    const file = await write(connection, folder, name, sql);
    if (file !== undefined) {
      files.push(file);
      sum.rows += file.rows;
      sum.bytes += file.bytes;
    }
    work.progress({ days_done: at + 1, days: job.days.length, ...sum });
  }
  if (!isOneFile) return { columns, files, devices };
  const file = await joinDays(connection, folder, files, columns, job);
  const last = { days_done: job.days.length, days: job.days.length };
  work.progress({ ...last, rows: file.rows, bytes: file.bytes });
  return { columns, files: [file], devices };
}

async function prepare(connection: DuckDBConnection, job: WideExportJob): Promise<void> {
  await connection.run(`
    CREATE TABLE opened (device VARCHAR, metric VARCHAR, time_us BIGINT, value DOUBLE, text VARCHAR, kind UTINYINT);
    CREATE TABLE left_out (device VARCHAR, metric VARCHAR);
  `);
  if (job.without.length === 0) return;
  const rows = job.without.map(({ device, metric }) => `(${quoted(device)}, ${quoted(metric)})`);
  await connection.run(`INSERT INTO left_out VALUES ${rows.join(', ')}`);
}

/** Takes in what the hub reads itself, and is not to lie on disk in between. */
async function takePages(connection: DuckDBConnection, work: Work): Promise<void> {
  const appender = await connection.createAppender('opened');
  const types = [VARCHAR, VARCHAR, BIGINT, DOUBLE, VARCHAR, UTINYINT];
  for (;;) {
    const page = (await work.ask('page')) as ValuePage | undefined;
    if (page === undefined) break;
    const rows = rowsOf(page);
    for (let start = 0; start < rows.length; start += chunkRows) {
      const chunk = DuckDBDataChunk.create(types);
      chunk.setRows(rows.slice(start, start + chunkRows));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  }
  appender.closeSync();
}

function rowsOf({ device, metrics, metric, timesUs, kinds: marks, values, texts }: ValuePage) {
  let nextText = 0;
  return Array.from(timesUs, (timeUs, at) => {
    const kind = marks[at] as number;
    const isText = kind === kinds.text;
    return [
      device,
      metrics[metric[at] as number] as string,
      BigInt(timeUs),
      isText ? null : (values[at] as number),
      isText ? (texts[nextText++] ?? '') : null,
      kind,
    ];
  });
}

/** Which metrics there are and what they are like, and from when to when each device has any. */
async function survey(
  connection: DuckDBConnection,
  job: WideExportJob,
): Promise<{
  metrics: SurveyedMetric[];
  devices: ExportedDevice[];
  hasReadings: (day: ExportDay) => boolean;
}> {
  const [first, last] = [job.days[0], job.days.at(-1)];
  if (first === undefined || last === undefined) {
    return { metrics: [], devices: [], hasReadings: () => false };
  }
  const span: ExportDay = { date: '', startUs: first.startUs, endUs: last.endUs };
  const result = await connection.run(`
    SELECT device, metric, bit_or((1 << kind::INTEGER)) AS kind_bits,
           min(time_us)::DOUBLE AS from_us, max(time_us)::DOUBLE AS until_us
    FROM (${readingsOf(job, span, 'repeated')}) GROUP BY device, metric`);
  // A file of an import may reach over years and hold a few days of them.
  const found = await connection.run(`
    SELECT DISTINCT time_us // ${hourUs} FROM (${readingsOf(job, span, 'repeated')})`);
  const hours = (await found.getRows()).map(([hour]) => Number(hour)).sort((a, b) => a - b);
  const bitsOf = new Map<string, number>();
  const spans = new Map<string, { fromUs: number; untilUs: number }>();
  for (const [device, metric, bits, fromUs, untilUs] of await result.getRows()) {
    const before = spans.get(String(device));
    bitsOf.set(String(metric), (bitsOf.get(String(metric)) ?? 0) | Number(bits));
    spans.set(String(device), {
      fromUs: Math.min(before?.fromUs ?? Number.POSITIVE_INFINITY, Number(fromUs)),
      untilUs: Math.max(before?.untilUs ?? 0, Number(untilUs)),
    });
  }
  return {
    metrics: [...bitsOf].map(([metric, kindBits]) => ({ metric, kindBits })),
    devices: [...spans]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([device, { fromUs, untilUs }]) => ({
        device_id: device,
        from: isoOfMicroseconds(fromUs),
        until: isoOfMicroseconds(untilUs),
      })),
    hasReadings: ({ startUs, endUs }) => {
      const first = firstFrom(hours, Math.floor(startUs / hourUs));
      return first !== undefined && first * hourUs < endUs;
    },
  };
}

/** The first of sorted numbers that is not less. */
function firstFrom(sorted: readonly number[], least: number): number | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return sorted[low];
}

/** Writes a file; one without rows is not kept. */
async function write(
  connection: DuckDBConnection,
  folder: string,
  name: string,
  sqlTo: (path: string) => string,
): Promise<ExportFile | undefined> {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const rows = await copy(connection, sqlTo(path));
  if (rows > 0) return { name, rows, bytes: statSync(path).size };
  rmSync(dirname(path), { recursive: true, force: true });
  return undefined;
}

async function copy(connection: DuckDBConnection, sql: string): Promise<number> {
  const result = await connection.run(sql);
  return Number((await result.getRows())[0]?.[0] ?? 0);
}

/** One file of all days, by device and time. There is one also when it has no rows. */
async function joinDays(
  connection: DuckDBConnection,
  folder: string,
  days: readonly ExportFile[],
  columns: readonly ExportColumn[],
  { format, folder: target, timeZone }: WideExportJob,
): Promise<ExportFile> {
  const paths = days.map(({ name }) => quoted(join(folder, name)));
  const empty = columns.map(({ name, type }) => `NULL::${type} AS "${name}"`);
  const rows =
    paths.length > 0
      ? `SELECT * FROM read_parquet([${paths.join(', ')}], hive_partitioning = false)`
      : `SELECT ${empty.join(', ')} WHERE false`;
  const name = `telemetry.${format}`;
  const path = join(target, name);
  const count = await copy(connection, copySql(rows, columns, format, path, timeZone));
  rmSync(folder, { recursive: true, force: true });
  return { name, rows: count, bytes: statSync(path).size };
}

const tooWide = (count: number): HearthError =>
  new HearthError(
    'unprocessable',
    `the table would have ${count} metrics; the most is ${mostMetrics}`,
    {
      field: 'fields',
      hint: 'Name the metrics, or export some of the devices at a time.',
    },
  );

/** What went wrong in DuckDB, without the folders of this machine. */
function plainly(cause: unknown): HearthError {
  const message = messageOf(cause);
  if (/No space left on device/i.test(message)) {
    return new HearthError('storage_full', 'the disk is full: the export does not fit on it', {
      hint: 'Free some room, or export less at a time. What was there before is as it was.',
      cause,
    });
  }
  if (/No such file|No files found/i.test(message)) {
    return new HearthError('unavailable', 'history was rearranged in the middle of the export', {
      hint: 'Ask for it again.',
      retryable: true,
      cause,
    });
  }
  const said = message.replace(/(?:\/[^\s"'/]+)+\/([^\s"'/]+)/g, '$1');
  return new HearthError('storage_failed', `the export failed: ${said}`, {
    hint: 'See hearth logs.',
    cause,
  });
}
