import { isoOfMicroseconds } from '#kernel';
import type { Erasure } from '../worker/manifest.ts';
import type { Snapshot, SnapshotFile } from '../worker/protocol.ts';
import { quoted } from './database.ts';

/** A part of time: from `startUs`, before `endUs`. */
export interface Stretch {
  readonly startUs?: number;
  readonly endUs?: number;
}

/**
 * More parts than this cost more to plan than they save. Each says what time it is of, so that a
 * question about a day does not open the files of a year.
 */
const mostParts = 48;

/**
 * The readings of a snapshot as SQL: `device, metric, time TIMESTAMP (UTC), timestamp TIMESTAMPTZ, value,
 * text, kind`, each once, the last that arrived. Conditions on device, metric and timestamp reach the files.
 */
export function readingsSql(
  snapshot: Pick<Snapshot, 'files' | 'erasures'>,
  { startUs, endUs }: Stretch = {},
): string {
  const files = snapshot.files.filter(
    ({ tier, oldestUs, newestUs }) =>
      (tier === 'raw' || tier === 'sealed' || tier === 'tail') &&
      newestUs >= (startUs ?? newestUs) &&
      oldestUs < (endUs ?? Number.POSITIVE_INFINITY),
  );
  const within = [
    ...(startUs === undefined ? [] : [`time >= make_timestamp(${Math.ceil(startUs)})`]),
    ...(endUs === undefined ? [] : [`time < make_timestamp(${Math.ceil(endUs)})`]),
  ];
  const alone = files.filter(({ shares }) => !shares);
  const parts = partsOf(alone, snapshot.erasures).map((part) =>
    select(part, snapshot.erasures, within),
  );
  const shared = files.filter(({ shares }) => shares);
  if (shared.length > 0) parts.push(newest(shared, snapshot.erasures, within));
  return parts.length === 0 ? nothing : parts.join('\nUNION ALL\n');
}

/** The rows of files of a rollup that are read in one go. */
export const rollupRowsSql = (
  part: readonly SnapshotFile[],
  erasures: readonly Erasure[],
  conditions: readonly string[],
  columns: string,
): string => select(part, erasures, conditions, columns);

/** Files that are read in one go: neighbours in time, with the same to be left out of them. */
export function partsOf(
  files: readonly SnapshotFile[],
  erasures: readonly Erasure[],
): SnapshotFile[][] {
  const size = Math.max(1, Math.ceil(files.length / mostParts));
  const alike = Map.groupBy(
    files,
    ({ lastSeq }) => erasures.filter(({ untilSeq }) => lastSeq <= untilSeq).length,
  );
  return [...alike.values()].flatMap((group) => {
    const inOrder = group.toSorted((a, b) => a.oldestUs - b.oldestUs);
    const parts: SnapshotFile[][] = [];
    for (let at = 0; at < inOrder.length; at += size) parts.push(inOrder.slice(at, at + size));
    return parts;
  });
}

const timestamp = "timezone('UTC', time)";
const columns = `device, metric, time, ${timestamp} AS timestamp, value, text, kind`;

function select(
  files: readonly SnapshotFile[],
  erasures: readonly Erasure[],
  within: readonly string[],
  chosen = columns,
): string {
  // A bucket begins before its first reading.
  const oldestUs = Math.min(
    ...files.map((file) => Math.min(file.oldestUs, file.fromUs ?? file.oldestUs)),
  );
  const newestUs = Math.max(...files.map((file) => file.newestUs));
  // In the words of `timestamp` itself: where a question's own condition cannot be met as well, DuckDB
  // leaves the part out when it plans. Both have to stand in one SELECT for it to see that.
  const conditions = [
    `${timestamp} >= ${instantSql(oldestUs)}`,
    `${timestamp} < ${instantSql(newestUs + 1)}`,
    ...within,
    ...erasedOf(files, erasures),
  ];
  return `SELECT ${chosen} FROM read_parquet(${pathsOf(files)}) WHERE ${conditions.join(' AND ')}`;
}

/** A moment as a constant: what has to be worked out first is no help in planning. */
export const instantSql = (timeUs: number): string =>
  `TIMESTAMPTZ '${isoOfMicroseconds(timeUs).replace('T', ' ').replace('Z', '+00')}'`;

/** Of files that hold readings of the same times: the value that arrived last. */
function newest(
  files: readonly SnapshotFile[],
  erasures: readonly Erasure[],
  within: readonly string[],
): string {
  const inOrder = files.toSorted((a, b) => a.lastSeq - b.lastSeq || (a.name < b.name ? -1 : 1));
  const parts = inOrder.map((file, rank) => {
    const conditions = [...within, ...erasedOf([file], erasures)];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return `SELECT *, ${rank} AS rank FROM read_parquet(${pathsOf([file])}) ${where}`;
  });
  return `SELECT ${columns} FROM (${parts.join(' UNION ALL ')})
    QUALIFY row_number() OVER (PARTITION BY device, metric, time ORDER BY rank DESC) = 1`;
}

/** What is to leave no trace and may still be in files that arrived together. */
const erasedOf = ([first]: readonly SnapshotFile[], erasures: readonly Erasure[]): string[] =>
  erasures
    .filter(({ untilSeq }) => (first?.lastSeq ?? 0) <= untilSeq)
    .map(({ device, metric, startUs, endUs }) => {
      const ofMetric = metric === null ? '' : ` AND metric = ${quoted(metric)}`;
      return `NOT (device = ${quoted(device)}${ofMetric}
        AND epoch_us(time) >= ${startUs} AND epoch_us(time) < ${endUs})`;
    });

const pathsOf = (files: readonly SnapshotFile[]): string =>
  `[${files.map(({ path }) => quoted(path)).join(', ')}]`;

const nothing = `SELECT ''::VARCHAR AS device, ''::VARCHAR AS metric, make_timestamp(0) AS time,
  make_timestamptz(0) AS timestamp, 0::DOUBLE AS value, ''::VARCHAR AS text, 0::UTINYINT AS kind WHERE false`;
