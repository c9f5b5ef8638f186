import { type DuckDBConnection, DuckDBDataChunk, INTEGER, VARCHAR } from '@duckdb/node-api';
import type { Db } from '#db';
import type { Reach } from './fault-points.ts';
import type { Files } from './files.ts';
import type { Journal } from './journal.ts';
import type { Extent, Manifest } from './manifest.ts';
import type { SeriesNames } from './series-names.ts';
import type { Generation, SeriesExtent } from './tail.ts';
import { copyOptions, quoted, readingsLegend } from './tiers/tier-file.ts';

export interface SealParts {
  readonly db: Db;
  readonly files: Files;
  readonly journal: Journal;
  readonly manifest: Manifest;
  readonly names: SeriesNames;
  readonly reach: Reach;
}

/** A sealed file, whole under its name. */
export interface SealedFile {
  readonly name: string;
  readonly points: number;
}

/** The name of the file for a stretch of the journal. */
export const sealedName = (firstSeq: number, lastSeq: number): string =>
  `${String(firstSeq).padStart(12, '0')}-${String(lastSeq).padStart(12, '0')}.parquet`;

/** The stretch that a sealed file's name speaks of. */
export function stretchOf(name: string): { firstSeq: number; lastSeq: number } | undefined {
  const match = /^(\d{12,16})-(\d{12,16})\.parquet$/.exec(name);
  return match ? { firstSeq: Number(match[1]), lastSeq: Number(match[2]) } : undefined;
}

/**
 * Turns a generation into a Parquet file: sorted by device, metric and time, the last value of each
 * time only. The order is what makes it safe: the file is whole and synced under its name before one
 * transaction lists it and takes its batches out of the journal. Cut off anywhere, there is either
 * no file and the journal, or an unlisted file and the journal, or the file.
 * @returns `undefined` when there is nothing to keep.
 */
export async function writeSealedFile(
  connection: DuckDBConnection,
  generation: Generation,
  { files, names, reach }: Pick<SealParts, 'files' | 'names' | 'reach'>,
): Promise<SealedFile | undefined> {
  reach('seal.begun');
  const kept = await keptExtents(connection, generation, names);
  if (kept.size === 0) return undefined;
  const name = sealedName(generation.firstSeq, generation.lastSeq);
  const temporary = `${name}.tmp`;
  await nameSeries(connection, kept, names);
  const disordered = [...kept.values()].some((extent) => extent.disordered);
  const unique = disordered
    ? 'QUALIFY row_number() OVER (PARTITION BY series, time_us ORDER BY rowid DESC) = 1'
    : '';
  let points: number;
  try {
    const result = await connection.run(
      `COPY (
       SELECT device, metric, make_timestamp(time_us) AS time, value, text,
              (mark & 3)::UTINYINT AS kind, (mark >> 2)::UTINYINT AS flags
       FROM (SELECT series, time_us, value, text, mark FROM ${generation.table} ${unique}) AS points
       JOIN sealed_names ON sealed_names.series = points.series
       ORDER BY rank, time
     ) TO ${quoted(files.pathOf(temporary))} (${copyOptions({ hearth: readingsLegend })})`,
    );
    points = Number((await result.getRows())[0]?.[0] ?? 0);
    const expected = [...kept.values()].reduce((sum, extent) => sum + extent.points, 0);
    // Repetitions are left out, and nothing else is.
    if (points === 0 || points > expected || (!disordered && points < expected)) {
      throw new Error(`${name} would hold ${points} readings instead of ${expected}`);
    }
  } catch (error) {
    files.remove(temporary);
    throw error;
  }
  await connection.run('DROP TABLE sealed_names');
  files.publish(temporary, name);
  reach('seal.written');
  return { name, points };
}

/** Lists a written file, and lets go of what it holds, in one transaction. */
export function listSealedFile(
  generation: Generation,
  file: SealedFile | undefined,
  { db, files, journal, manifest, names, reach }: SealParts,
): void {
  const extents = extentsOf(generation, names);
  const entry = file && {
    ...file,
    firstSeq: generation.firstSeq,
    lastSeq: generation.lastSeq,
    bytes: files.size(file.name),
    checksum: files.checksum(file.name),
    oldestUs: Math.min(...[...generation.extents.values()].map((extent) => extent.oldestUs)),
    newestUs: Math.max(...[...generation.extents.values()].map((extent) => extent.newestUs)),
    receivedUs: generation.newestReceivedUs,
    tier: 'sealed' as const,
    fromUs: null,
    untilUs: null,
  };
  db.transaction(() => {
    // First, so that a journal without a page to spare has some for the list.
    journal.forgetUpTo(generation.lastSeq);
    if (entry !== undefined) manifest.add(entry, extents);
  })();
  journal.forgotten();
  reach('seal.listed');
}

/**
 * What is to be sealed: every series but those of devices that were forgotten.
 * @throws Error when the table does not hold what the journal does: sealing would lose the rest.
 */
async function keptExtents(
  connection: DuckDBConnection,
  generation: Generation,
  names: SeriesNames,
): Promise<ReadonlyMap<number, SeriesExtent>> {
  const result = await connection.run(`SELECT count(*) FROM ${generation.table}`);
  const points = Number((await result.getRows())[0]?.[0]);
  if (points !== generation.points) {
    throw new Error(`${generation.table} holds ${points} of ${generation.points} readings`);
  }
  const kept = new Map<number, SeriesExtent>();
  for (const [id, extent] of generation.extents) {
    if (!names.knows(id)) throw new Error(`series ${id} has no name`);
    if (!names.isForgotten(id)) kept.set(id, extent);
  }
  return kept;
}

/** Makes `sealed_names`: each series' names, and its place among them, so that sorting is by numbers. */
async function nameSeries(
  connection: DuckDBConnection,
  kept: ReadonlyMap<number, SeriesExtent>,
  names: SeriesNames,
): Promise<void> {
  const used = [...kept.keys()]
    .map((id) => names.find(id))
    .filter((series) => series !== undefined)
    .sort((a, b) => compare(a.device, b.device) || compare(a.metric, b.metric));
  await connection.run(
    'CREATE OR REPLACE TABLE sealed_names (series INTEGER, device VARCHAR, metric VARCHAR, rank INTEGER)',
  );
  const appender = await connection.createAppender('sealed_names');
  for (let start = 0; start < used.length; start += 2048) {
    const rows = used.slice(start, start + 2048);
    const chunk = DuckDBDataChunk.create([INTEGER, VARCHAR, VARCHAR, INTEGER]);
    chunk.setRows(rows.map((series, at) => [series.id, series.device, series.metric, start + at]));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** What a generation holds of each series that has a name. */
function extentsOf(generation: Generation, names: SeriesNames): Extent[] {
  const extents: Extent[] = [];
  for (const [id, { oldestUs, newestUs, points }] of generation.extents) {
    const series = names.find(id);
    if (series === undefined) continue;
    const { device, metric } = series;
    extents.push({ device, metric, oldestUs, newestUs, points, complete: true });
  }
  return extents;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
