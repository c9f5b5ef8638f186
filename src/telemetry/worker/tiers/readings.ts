import {
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { FileEntry } from '../manifest.ts';
import { quoted } from './tier-file.ts';

/** Rows that go into a table at once. */
const chunkRows = 2048;

/** Makes a table of the connection's own out of rows. */
export async function makeTable(
  connection: DuckDBConnection,
  name: string,
  columns: readonly (readonly [name: string, type: DuckDBType])[],
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  const described = columns.map(([column, type]) => `${column} ${type}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${described.join(', ')})`);
  const appender = await connection.createAppender(name, undefined, 'temp');
  const types = columns.map(([, type]) => type);
  for (let start = 0; start < rows.length; start += chunkRows) {
    const chunk = DuckDBDataChunk.create(types);
    chunk.setRows(rows.slice(start, start + chunkRows).map((row) => [...row]));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Paths as an SQL list. */
export const pathList = (paths: readonly string[]): string => `[${paths.map(quoted).join(', ')}]`;

/**
 * Each reading of some series once, in order of place and time: of several of one time that of the
 * highest source. Columns `series, time_us, value, text, kind, flags`.
 *
 * `wanted` is a table of `filename, device, metric, series, place, source`: what is in no row of it
 * is left out, and `place` says where a series stands. Sorted once, the readings are then compared with their neighbours as they pass by, so that
 * no more of them is in memory than the sort holds.
 */
export function readingsOnce(read: {
  readonly paths: readonly string[];
  readonly wanted: string;
  /** More that is asked of `file` (a row of a file) and `wanted`. */
  readonly where: string;
  /** Whether each comes once anyway: then in any order. */
  readonly isOnce?: boolean;
}): string {
  const found = `
        SELECT wanted.series, wanted.place, epoch_us(time) AS time_us, wanted.source, value, text, kind, flags
        FROM read_parquet(${pathList(read.paths)}, filename = true) AS file
        JOIN ${read.wanted} AS wanted ON wanted.device = file.device
          AND wanted.metric = file.metric AND wanted.filename = file.filename
        WHERE ${read.where}`;
  if (read.isOnce) return found;
  return `
    SELECT series, time_us, value, text, kind, flags FROM (
      SELECT *, lag(place) OVER () AS place_before, lag(time_us) OVER () AS time_before FROM (
        ${found}
        ORDER BY wanted.place, time_us, wanted.source DESC
      )
    ) WHERE place_before IS NULL OR place_before <> place OR time_before <> time_us`;
}

/** The order in which files arrived, as numbers from 0: in a file with a higher one is what counts. */
export const byArrival = <File extends Pick<FileEntry, 'lastSeq' | 'name'>>(
  files: readonly File[],
): File[] =>
  [...files].sort(
    (a, b) => a.lastSeq - b.lastSeq || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
