import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk, INTEGER, VARCHAR } from '@duckdb/node-api';
import { HearthError } from '#kernel';
import type { Engine } from './engine.ts';
import type { Files } from './files.ts';
import type { Erasure, FileEntry, Manifest } from './manifest.ts';
import type { Pins } from './pins.ts';
import type { Snapshot, SnapshotFile, SnapshotScope } from './protocol.ts';
import type { SeriesNames } from './series-names.ts';
import { findSharers, type HeldExtent } from './sharers.ts';
import type { StretchReader, Tail } from './tail.ts';
import type { FileTier } from './tiers/tiers.ts';

export interface SnapshotParts {
  readonly engine: Pick<Engine, 'turn'>;
  readonly files: Files;
  readonly manifest: Manifest;
  readonly names: SeriesNames;
  readonly tail: Tail;
  readonly journal: StretchReader;
  readonly pins: Pins;
  /** Milliseconds that only go forward. */
  readonly monotonicMs: () => number;
}

interface Lease {
  readonly pin: number;
  readonly tailPath: string | undefined;
  endsMs: number;
}

/** The tail, written down as it was at one moment. */
interface WrittenTail {
  readonly state: string;
  readonly file: SnapshotFile | undefined;
}

/** A reader that says nothing for this long is gone. */
export const leaseMs = 10 * 60_000;
const everything = { startUs: Number.MIN_SAFE_INTEGER, endUs: Number.MAX_SAFE_INTEGER };

/**
 * What processes beside the hub read: the files as they are at one moment, and the tail as one more.
 * As long as a lease lasts, none of its files leaves the disk.
 */
export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #leases = new Map<number, Lease>();
  #tail: WrittenTail | undefined;
  #number = 0;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /** Everything that was committed before is in it. To be released, or it ends after ten minutes. */
  take(scope: SnapshotScope): Promise<Snapshot> {
    const { engine, manifest, pins, monotonicMs } = this.#parts;
    return engine.turn(async (connection) => {
      this.expire();
      const startUs = scope.startUs ?? everything.startUs;
      const endUs = scope.endUs ?? everything.endUs;
      const tiers = scope.tiers ?? ['sealed', 'raw'];
      const tail = tiers.includes('sealed') ? await this.#writtenTail(connection) : undefined;
      const listed = this.#filesWithin(scope, tiers, startUs, endUs);
      const isWithin = tail !== undefined && tail.newestUs >= startUs && tail.oldestUs < endUs;
      const files = isWithin ? [...listed, tail] : listed;
      const pin = pins.pin(listed.map(({ name }) => name));
      const tailPath = isWithin ? tail.path : undefined;
      this.#leases.set(pin, { pin, tailPath, endsMs: monotonicMs() + leaseMs });
      const sharers = this.#sharersAmong(listed, isWithin, startUs, endUs);
      return {
        lease: pin,
        files: files.map((file) => ({ ...file, shares: sharers.has(file.name) })),
        days: manifest.days(startUs, endUs),
        erasures: manifest.erasures(),
      };
    });
  }

  /** Lets a lease last another ten minutes. @throws HearthError `gone` for one that has ended. */
  renew(lease: number): void {
    this.expire();
    const held = this.#leases.get(lease);
    if (held === undefined) {
      throw new HearthError('gone', 'the files that were being read may have left the disk', {
        hint: 'Start again.',
      });
    }
    held.endsMs = this.#parts.monotonicMs() + leaseMs;
  }

  /** Ends a lease; one that has ended changes nothing. */
  release(lease: number): void {
    const held = this.#leases.get(lease);
    if (held === undefined) return;
    this.#leases.delete(lease);
    this.#parts.pins.release(held.pin);
    this.#tidy(held.tailPath);
  }

  /** Forgets the tail as it was written down; where nobody reads it, it leaves the disk at once. */
  dropTail(): void {
    const path = this.#tail?.file?.path;
    this.#tail = undefined;
    this.#tidy(path);
  }

  /** Ends the leases whose readers have fallen silent. */
  expire(): void {
    const nowMs = this.#parts.monotonicMs();
    for (const [lease, { endsMs }] of this.#leases) if (endsMs <= nowMs) this.release(lease);
  }

  /** The listed files that matter. */
  #filesWithin(
    scope: SnapshotScope,
    tiers: readonly FileTier[],
    startUs: number,
    endUs: number,
  ): SnapshotFile[] {
    const { files, manifest } = this.#parts;
    const incomplete = Map.groupBy(manifest.incompleteExtents(), ({ file }) => file);
    const isOfDevices = this.#choiceOf(scope.devices, tiers, startUs, endUs);
    return manifest
      .files()
      .filter(
        ({ name, tier, fromUs, oldestUs, newestUs }) =>
          tiers.includes(tier) &&
          newestUs >= startUs &&
          Math.min(oldestUs, fromUs ?? oldestUs) < endUs &&
          isOfDevices(name),
      )
      .map((entry) => ({
        ...placeOf(entry),
        path: files.pathOf(entry.name),
        incomplete: (incomplete.get(entry.name) ?? []).map(({ device, metric }) => ({
          device,
          metric,
        })),
        shares: false,
      }));
  }

  #choiceOf(
    devices: readonly string[] | undefined,
    tiers: readonly FileTier[],
    startUs: number,
    endUs: number,
  ): (file: string) => boolean {
    if (devices === undefined) return () => true;
    const extents = this.#parts.manifest.extentsOf({ devices, startUs, endUs, tiers });
    const wanted = new Set(extents.map(({ file }) => file));
    return (file) => wanted.has(file);
  }

  /** The files, and the tail, that may hold a reading of which another one holds a newer value. */
  #sharersAmong(
    listed: readonly SnapshotFile[],
    withTail: boolean,
    startUs: number,
    endUs: number,
  ): ReadonlySet<string> {
    const { manifest } = this.#parts;
    const sealed = listed.filter(({ tier }) => tier === 'sealed');
    const raw = listed.filter(({ tier }) => tier === 'raw');
    const late: HeldExtent[] = manifest.extentsOf({ startUs, endUs, tiers: ['sealed'] });
    const tail = withTail ? this.#tailExtents() : [];
    // Days do not overlap: a day's file shares with what came late for it, or with a second file of it.
    const newcomers = [...sealed, ...tail];
    const touched = raw.filter(
      (file) =>
        newcomers.some((one) => one.newestUs >= file.oldestUs && one.oldestUs <= file.newestUs) ||
        raw.some((other) => other !== file && other.fromUs === file.fromUs),
    );
    const days = touched.flatMap(({ name }) =>
      manifest.extentsIn(name).map((extent) => ({ ...extent, file: name })),
    );
    return findSharers([...late, ...tail, ...days]);
  }

  #tailExtents(): HeldExtent[] {
    const { names, tail } = this.#parts;
    const extents = new Map<string, { -readonly [Key in keyof HeldExtent]: HeldExtent[Key] }>();
    for (const generation of tail.generations) {
      for (const [id, { oldestUs, newestUs }] of generation.extents) {
        const series = names.find(id);
        if (series === undefined) continue;
        const key = `${series.device}\n${series.metric}`;
        const known = extents.get(key);
        extents.set(key, {
          device: series.device,
          metric: series.metric,
          file: tailName,
          oldestUs: Math.min(known?.oldestUs ?? oldestUs, oldestUs),
          newestUs: Math.max(known?.newestUs ?? newestUs, newestUs),
        });
      }
    }
    return [...extents.values()];
  }

  /** The tail as a file, written anew only when something was committed since. */
  async #writtenTail(connection: DuckDBConnection): Promise<SnapshotFile | undefined> {
    const state = this.#tailState();
    if (this.#tail?.state === state) return this.#tail.file;
    const before = this.#tail?.file?.path;
    this.#tail = { state, file: await this.#writeTail(connection) };
    this.#tidy(before);
    return this.#tail.file;
  }

  #tailState(): string {
    const { manifest, names, tail } = this.#parts;
    const stretches = tail.generations.map(({ firstSeq, lastSeq }) => `${firstSeq}-${lastSeq}`);
    return [manifest.version, names.all().length, ...stretches].join(' ');
  }

  async #writeTail(connection: DuckDBConnection): Promise<SnapshotFile | undefined> {
    const { files, journal, manifest, names, tail } = this.#parts;
    const generations = tail.generations.filter(({ points }) => points > 0);
    if (generations.length === 0) return undefined;
    for (const generation of generations) await generation.catchUp(connection, journal);
    await nameSeries(connection, names);
    const erasures = manifest.erasures();
    const parts = generations.map(({ table, lastSeq }, at) => {
      // One that reaches further holds nothing of it: an erasure begins with a new generation.
      const gone = erasures.filter(({ untilSeq }) => lastSeq <= untilSeq).map(erasedSql);
      return `SELECT device, metric, time_us, value, text, mark, ${at} AS source, tail.rowid AS place
        FROM ${table} AS tail JOIN snapshot_names ON snapshot_names.series = tail.series
        ${gone.length === 0 ? '' : `WHERE NOT (${gone.join(' OR ')})`}`;
    });
    const path = join(files.directory, 'spill', `tail-${++this.#number}.parquet`);
    try {
      await connection.run(`COPY (
        SELECT device, metric, make_timestamp(time_us) AS time, value, text,
               (mark & 3)::UTINYINT AS kind, (mark >> 2)::UTINYINT AS flags
        FROM (${parts.join(' UNION ALL ')})
        QUALIFY row_number() OVER
          (PARTITION BY device, metric, time_us ORDER BY source DESC, place DESC) = 1
        ORDER BY device, metric, time
      ) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384)`);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      await connection.run('DROP TABLE IF EXISTS snapshot_names');
    }
    const extents = generations.flatMap((generation) => [...generation.extents.values()]);
    return {
      name: tailName,
      path,
      tier: 'tail',
      fromUs: null,
      untilUs: null,
      lastSeq: Number.MAX_SAFE_INTEGER,
      oldestUs: extents.reduce((least, one) => Math.min(least, one.oldestUs), everything.endUs),
      newestUs: extents.reduce((most, one) => Math.max(most, one.newestUs), everything.startUs),
      points: generations.reduce((sum, { points }) => sum + points, 0),
      incomplete: [],
      shares: false,
    };
  }

  /** Removes a written tail that nobody reads, and nobody will. */
  #tidy(path: string | undefined): void {
    if (path === undefined || path === this.#tail?.file?.path) return;
    if ([...this.#leases.values()].some(({ tailPath }) => tailPath === path)) return;
    rmSync(path, { force: true });
  }
}

const tailName = 'tail';

const placeOf = ({
  name,
  tier,
  fromUs,
  untilUs,
  lastSeq,
  oldestUs,
  newestUs,
  points,
}: FileEntry) => ({ name, tier, fromUs, untilUs, lastSeq, oldestUs, newestUs, points });

/** A condition on `device`, `metric` and `time_us` of what is to leave no trace. */
function erasedSql({ device, metric, startUs, endUs }: Erasure): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const ofMetric = metric === null ? '' : ` AND metric = ${quoted(metric)}`;
  return `(device = ${quoted(device)}${ofMetric} AND time_us >= ${startUs} AND time_us < ${endUs})`;
}

/** Makes `snapshot_names`: every series that has a name. */
async function nameSeries(connection: DuckDBConnection, names: SeriesNames): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TABLE snapshot_names (series INTEGER, device VARCHAR, metric VARCHAR)',
  );
  const all = names.all();
  const appender = await connection.createAppender('snapshot_names');
  for (let at = 0; at < all.length; at += 2048) {
    const chunk = DuckDBDataChunk.create([INTEGER, VARCHAR, VARCHAR]);
    chunk.setRows(all.slice(at, at + 2048).map(({ id, device, metric }) => [id, device, metric]));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
