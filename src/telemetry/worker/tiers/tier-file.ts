import type { DuckDBConnection } from '@duckdb/node-api';
import { extentsIn, together } from '../extents.ts';
import type { Files } from '../files.ts';
import type { Change, Day, Extent, Manifest } from '../manifest.ts';
import type { FileTier, Tier } from './tiers.ts';

/**
 * DuckDB reads whole row groups, and a query wants one series of many: a day of one device among ten
 * took 57 ms at its default of 122,880 and 16 ms at this.
 */
const rowGroupRows = 16_384;

/** A text as SQL. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** How every file is written. Bloom filters add a tenth, and the rows are sorted anyway. */
export function copyOptions(metadata: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}: ${quoted(value)}`);
  return `FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows},
    WRITE_BLOOM_FILTER false, KV_METADATA {${pairs.join(', ')}}`;
}

export const readingsLegend =
  'time: UTC; kind: 0 number, 1 boolean, 2 text, 3 sealed; flags: 1 stamped on receipt, 2 absurd device clock, 4 doubtful hub clock';
const rollupLegend =
  'time: UTC, where the bucket begins; class: 0 numbers and booleans, 1 texts; area, held: value seconds';

/** What a file of a tier says of itself, for a hub that has lost its manifest. */
export interface FileDescription {
  readonly tier: FileTier;
  /** `null` for a sealed one. */
  readonly fromUs: number | null;
  readonly untilUs: number | null;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly receivedUs: number;
  /** The days that it may hold something of. */
  readonly days: readonly Day[];
  /** The series whose raw readings of the day are not all there: of files of readings alone. */
  readonly incomplete: readonly { readonly device: string; readonly metric: string }[];
}

/** What is to be in a file: the rows of `select`, in order, with the columns of its tier. */
export interface FileContent extends FileDescription {
  readonly tier: Tier;
  readonly fromUs: number;
  readonly untilUs: number;
  readonly select: string;
}

type Added = Change['added'][number];

/**
 * Files on their way into the manifest. They are whole and synced under their names once `publish`
 * is through, and do not exist until a transaction lists them; a crash before leaves nothing.
 */
export class Draft {
  readonly #files: Files;
  readonly #manifest: Manifest;
  readonly #names: string[] = [];

  constructor({ files, manifest }: { readonly files: Files; readonly manifest: Manifest }) {
    this.#files = files;
    this.#manifest = manifest;
  }

  /** Where a file that is not published yet can be read. */
  pathOf(name: string): string {
    return this.#files.pathOf(temporary(name));
  }

  /** Writes a file; `undefined` when there are no rows, and so no file. */
  async write(connection: DuckDBConnection, content: FileContent): Promise<Added | undefined> {
    const { tier, fromUs, untilUs, firstSeq, lastSeq, receivedUs } = content;
    const name = this.#manifest.newName(tier, fromUs);
    this.#names.push(name);
    const path = this.pathOf(name);
    const metadata = {
      hearth: tier === 'raw' ? readingsLegend : rollupLegend,
      hearth_file: JSON.stringify(written(content)),
    };
    const result = await connection.run(
      `COPY (${content.select}) TO ${quoted(path)} (${copyOptions(metadata)})`,
    );
    const rows = Number((await result.getRows())[0]?.[0] ?? 0);
    if (rows === 0) {
      this.#files.remove(temporary(name));
      this.#manifest.abandon([name]);
      this.#names.pop();
      return undefined;
    }
    const series = await extentsIn(connection, path, tier === 'raw' ? 'time' : 'last_us');
    const gaps = new Set(content.incomplete.map(keyOf));
    const extents = series.map((one) => ({ ...one, complete: !gaps.has(keyOf(one)) }));
    const { newestUs, points, ...span } = together(extents);
    if (points !== rows) throw new Error(`${name} holds ${points} rows instead of ${rows}`);
    const oldestUs = tier === 'raw' ? span.oldestUs : await firstReading(connection, path);
    const file = {
      ...{ name, tier, fromUs, untilUs, firstSeq, lastSeq, receivedUs },
      ...{ points, oldestUs, newestUs },
      bytes: this.#files.size(temporary(name)),
      checksum: await this.#files.checksumLater(temporary(name)),
    };
    return { file, extents };
  }

  /** Gives all files their names for good: each synced, renamed, and then the folder synced. */
  async publish(): Promise<void> {
    for (const name of this.#names) await this.#files.publishLater(temporary(name), name);
    this.#files.sync();
  }

  /** Leaves nothing behind, after a failure. Never throws: the next start does what cannot be done now. */
  discard(): void {
    try {
      for (const name of this.#names) {
        this.#files.remove(temporary(name));
        if (this.#manifest.find(name) === undefined) this.#files.remove(name);
      }
      // A name is forgotten once its file is gone for good: found again, it would be taken in.
      this.#files.sync();
      this.#manifest.abandon(this.#names);
    } catch {
      // Their names are noted as unfinished.
    }
  }
}

/** Of a file of sums, whose extents begin with their buckets. */
async function firstReading(connection: DuckDBConnection, path: string): Promise<number> {
  const result = await connection.run(
    `SELECT min(first_us)::DOUBLE FROM read_parquet(${quoted(path)})`,
  );
  return Number((await result.getRows())[0]?.[0]);
}

const temporary = (name: string): string => `${name}.tmp`;
export const keyOf = ({ device, metric }: Pick<Extent, 'device' | 'metric'>): string =>
  `${device}\0${metric}`;

const written = (content: FileDescription) => ({
  tier: content.tier,
  from_us: content.fromUs,
  until_us: content.untilUs,
  first_seq: content.firstSeq,
  last_seq: content.lastSeq,
  received_us: content.receivedUs,
  days: content.days.map((day) => [day.fromUs, day.untilUs, day.zone]),
  incomplete: content.incomplete.map(({ device, metric }) => [device, metric]),
});

/** Reads `hearth_file` of a file. @throws Error when it is not there or makes no sense. */
export async function descriptionIn(
  connection: DuckDBConnection,
  path: string,
): Promise<FileDescription> {
  const result = await connection.run(
    `SELECT decode(value) FROM parquet_kv_metadata(${quoted(path)}) WHERE decode(key) = 'hearth_file'`,
  );
  const text = (await result.getRows())[0]?.[0];
  if (typeof text !== 'string') throw new Error('it does not say what it is');
  const read = JSON.parse(text) as ReturnType<typeof written>;
  return {
    tier: read.tier,
    fromUs: read.from_us,
    untilUs: read.until_us,
    firstSeq: read.first_seq,
    lastSeq: read.last_seq,
    receivedUs: read.received_us,
    days: (read.days as [number, number, string][]).map(([fromUs, untilUs, zone]) => ({
      fromUs,
      untilUs,
      zone,
    })),
    incomplete: (read.incomplete as [string, string][]).map(([device, metric]) => ({
      device,
      metric,
    })),
  };
}
