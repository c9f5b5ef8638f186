import type { DuckDBConnection } from '@duckdb/node-api';
import type { Files } from '../files.ts';
import type { Extent, FileEntry, Manifest } from '../manifest.ts';
import type { Pins } from '../pins.ts';
import { copyOptions, quoted } from './tier-file.ts';
import type { FileTier } from './tiers.ts';

/** What a file is to be without: some series, or what one device's overlaps a stretch of time. */
export type Without =
  | { readonly series: readonly { readonly device: string; readonly metric: string }[] }
  | {
      readonly device: string;
      /** All of them without it. */
      readonly metrics: readonly string[] | undefined;
      readonly startUs: number;
      readonly endUs: number;
    };

export interface Rewritten {
  /** Whole under its name, and not listed yet; `undefined` when nothing of it is left. */
  readonly file: FileEntry | undefined;
  /** Rows that are not in it any more. */
  readonly removed: number;
}

export interface RewriteParts {
  readonly files: Files;
  readonly manifest: Manifest;
}

/**
 * Writes a file anew without some of its rows, beside the old one: the rest in the order and under
 * the metadata that it had. A crash leaves a file that nobody lists, whose name is noted.
 * @throws Error when the disk is full, or the file cannot be read; nothing is left behind then.
 */
export async function rewriteFile(
  connection: DuckDBConnection,
  entry: FileEntry,
  without: Without,
  { files, manifest }: RewriteParts,
  /** Rows that take the place of others, in SQL. */
  instead?: string,
): Promise<Rewritten> {
  const source = quoted(files.pathOf(entry.name));
  const gone = conditionOf(entry.tier, without);
  const options = copyOptions(await metadataOf(connection, entry, source));
  const name = manifest.newName(entry.tier, entry.fromUs ?? entry.oldestUs);
  const temporary = `${name}.tmp`;
  try {
    const left = `SELECT * FROM read_parquet(${source}) WHERE NOT (${gone})`;
    const rows =
      instead === undefined
        ? left
        : `FROM (${left} UNION ALL BY NAME ${instead}) ORDER BY device, metric, time, class`;
    const result = await connection.run(
      `COPY (${rows})
       TO ${quoted(files.pathOf(temporary))} (${options})`,
    );
    const points = Number((await result.getRows())[0]?.[0] ?? 0);
    const removed = entry.points - points;
    if (points === 0) {
      files.remove(temporary);
      manifest.abandon([name]);
      return { file: undefined, removed };
    }
    await files.publishLater(temporary, name);
    files.sync();
    const file = {
      ...entry,
      name,
      points,
      bytes: files.size(name),
      checksum: await files.checksumLater(name),
    };
    return { file, removed };
  } catch (error) {
    try {
      files.remove(temporary);
      files.remove(name);
      // A name is forgotten once its file is gone for good: found again, it would be taken in.
      files.sync();
      manifest.abandon([name]);
    } catch {
      // Its name stays noted as unfinished: the next start sees to it.
    }
    throw error;
  }
}

/** Lists a file that was written anew in the place of the old one, with what it holds now. */
export function replaceFile(
  before: FileEntry,
  after: FileEntry | undefined,
  extents: readonly Extent[],
  { files, manifest }: RewriteParts,
  also: () => void = () => {},
): void {
  // What is left in it is of devices that were removed: nobody can find that.
  const isEmpty = after === undefined || extents.length === 0;
  const file = after && {
    ...after,
    oldestUs: Math.min(...extents.map((extent) => extent.oldestUs)),
    newestUs: Math.max(...extents.map((extent) => extent.newestUs)),
  };
  manifest.replace({
    added: isEmpty || file === undefined ? [] : [{ file, extents }],
    doomed: [before.name],
    also,
  });
  if (after === undefined || !isEmpty) return;
  files.remove(after.name);
  files.sync();
  manifest.abandon([after.name]);
}

/** Removes what no answer needs any more, unless somebody still reads it. */
export function removeDoomed({
  files,
  manifest,
  pins,
}: RewriteParts & { readonly pins: Pins }): void {
  const names = manifest.doomed().filter((name) => !pins.has(name));
  if (names.length === 0) return;
  for (const name of names) files.remove(name);
  files.sync();
  for (const name of names) manifest.remove(name);
}

/** Which rows go, in SQL. A sum goes when any of its readings may be of the time. */
export function conditionOf(tier: FileTier, without: Without): string {
  if ('series' in without) {
    const pairs = without.series.map(
      ({ device, metric }) => `(${quoted(device)}, ${quoted(metric)})`,
    );
    return pairs.length === 0 ? 'false' : `(device, metric) IN (${pairs.join(', ')})`;
  }
  const { device, metrics, startUs, endUs } = without;
  const isReading = tier === 'sealed' || tier === 'raw';
  const [first, last] = isReading ? ['epoch_us(time)', 'epoch_us(time)'] : ['first_us', 'last_us'];
  return [
    `device = ${quoted(device)}`,
    ...(metrics === undefined ? [] : [`metric IN (${metrics.map(quoted).join(', ')})`]),
    `${last} >= ${Math.ceil(startUs)}`,
    `${first} < ${Math.ceil(endUs)}`,
  ].join(' AND ');
}

/** What the file says of itself; of a sealed one that its new name does not say it any more. */
async function metadataOf(
  connection: DuckDBConnection,
  entry: FileEntry,
  source: string,
): Promise<Record<string, string>> {
  const result = await connection.run(
    `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${source})`,
  );
  const rows = (await result.getRows()) as [string, string][];
  const written = Object.fromEntries(rows.filter(([key]) => /^hearth\w*$/.test(key)));
  return entry.tier === 'sealed' ? { ...written, hearth_file: described(entry) } : written;
}

const described = ({ tier, firstSeq, lastSeq, receivedUs }: FileEntry): string =>
  JSON.stringify({
    tier,
    from_us: null,
    until_us: null,
    first_seq: firstSeq,
    last_seq: lastSeq,
    received_us: receivedUs,
    days: [],
    incomplete: [],
  });
