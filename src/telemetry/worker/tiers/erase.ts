import type { DuckDBConnection } from '@duckdb/node-api';
import type { Db } from '#db';
import type { Engine } from '../engine.ts';
import type { Reach } from '../fault-points.ts';
import type { Files } from '../files.ts';
import type { Journal } from '../journal.ts';
import type { Ledger } from '../ledger.ts';
import type { Day, Erasure, Extent, FileEntry, Manifest } from '../manifest.ts';
import type { Pins } from '../pins.ts';
import type { Tail } from '../tail.ts';
import { pathList } from './readings.ts';
import { conditionOf, removeDoomed, replaceFile, rewriteFile } from './rewrite.ts';
import { widerOf } from './rollup.ts';
import { spanColumns } from './spans.ts';
import { quoted } from './tier-file.ts';
import type { FileTier } from './tiers.ts';

export interface EraserParts {
  readonly db: Db;
  readonly engine: Engine;
  readonly files: Files;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly manifest: Manifest;
  readonly pins: Pins;
  readonly tail: Tail;
  readonly reach: Reach;
  readonly note: (text: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Seals everything that has been committed. */
  readonly seal: () => Promise<void>;
  /** Makes the sums of a day anew from its raw readings. */
  readonly refresh: (dayFromUs: number) => Promise<void>;
  /** Removes what was written down of the tail for others to read. */
  readonly dropCopies: () => void;
}

/** Erasures that were asked for as one, so that each file is written anew once. */
interface Wanted {
  readonly ids: readonly number[];
  readonly device: string;
  readonly metrics: readonly string[] | undefined;
  readonly startUs: number;
  readonly endUs: number;
  readonly untilSeq: number;
}

const columns = spanColumns.join(', ');
/** Readings, the finest sums, then the coarser ones. */
const order: readonly FileTier[] = ['sealed', 'raw', '1m', '1h', '1d'];

/**
 * Deletes readings so that nothing of them is left. What is to go is written down first, and from
 * then on in no answer; what arrives later is not meant, and goes into files of its own. Then every
 * file that holds some of it is written anew, and what the journal keeps of it is overwritten. Cut
 * off anywhere, it goes on from the start and finds less to do.
 *
 * No compaction may begin meanwhile: it would mix what is to go with what came later.
 */
export class Eraser {
  readonly #parts: EraserParts;
  #running: Promise<void> | undefined;
  /** How many readings went, by the first number of what was asked for as one. */
  readonly #counts = new Map<number, number>();

  constructor(parts: EraserParts) {
    this.#parts = parts;
  }

  /** Writes down what is to go, of all that has been committed; answers its number. */
  wanted(asked: Omit<Wanted, 'ids' | 'untilSeq'>): number {
    const { db, journal, manifest } = this.#parts;
    const { device, metrics, startUs, endUs } = asked;
    const range = { device, startUs, endUs, untilSeq: journal.lastSeq };
    const ids = db.transaction(() =>
      (metrics ?? [null]).map((metric) => manifest.addErasure({ ...range, metric })),
    )();
    this.noted();
    const [first = 0] = ids;
    this.#counts.set(first, 0);
    return first;
  }

  /** To be called once it is written down what is to go: what comes now goes elsewhere. */
  noted(): void {
    this.#parts.tail.close();
    this.#parts.reach('erasure.noted');
  }

  /** Goes on with what is left to do, unless that is under way. */
  async tend(): Promise<void> {
    if (this.#running === undefined) await this.finish();
  }

  /**
   * Does all that is to be done, and answers how many readings of `id` went.
   * @throws Error when the disk is full; the next call goes on.
   */
  async finish(id?: number): Promise<number> {
    while (this.#running !== undefined) await this.#running.catch(() => {});
    if (this.#parts.manifest.erasures().length > 0) {
      this.#running = this.#finish().finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    }
    const count = this.#counts.get(id ?? 0) ?? 0;
    this.#counts.delete(id ?? 0);
    return count;
  }

  async #finish(): Promise<void> {
    const { engine, manifest, reach, note } = this.#parts;
    const all = together(manifest.erasures());
    await this.#parts.seal();
    reach('erasure.sealed');
    for (const wanted of all) {
      const removed = await this.#fromFiles(wanted);
      await this.#fromSums(wanted);
      this.#count(wanted, removed);
    }
    await engine.background((connection) => this.#fromSetAside(connection, all));
    await engine.turn(() => this.#fromJournal(all));
    reach('erasure.done');
    note('erased', { erasures: all.length });
  }

  /** Writes every file that holds some of it anew; answers how many readings went. */
  async #fromFiles(wanted: Wanted): Promise<number> {
    const { engine, manifest } = this.#parts;
    const rawDays = new RawDays(manifest, wanted);
    const done = new Set<string>();
    let removed = 0;
    // Again, until there is nothing: compaction may have been under way when it began.
    for (let found = true; found; ) {
      found = false;
      for (const tier of order) {
        for (const file of manifest.files(tier)) {
          if (file.lastSeq > wanted.untilSeq || done.has(file.name)) continue;
          const went = await engine.background((connection) =>
            this.#fromFile(connection, file, wanted, rawDays, done),
          );
          if (went === undefined) continue;
          found = true;
          removed += went;
        }
      }
    }
    return removed;
  }

  /** Answers how many readings went; `undefined` when the file held none of it. */
  async #fromFile(
    connection: DuckDBConnection,
    file: FileEntry,
    wanted: Wanted,
    rawDays: RawDays,
    done: Set<string>,
  ): Promise<number | undefined> {
    const { engine, files, manifest, reach } = this.#parts;
    if (manifest.find(file.name) === undefined) return undefined;
    const from = `read_parquet(${quoted(files.pathOf(file.name))})`;
    const gone = conditionOf(file.tier, wanted);
    const rows = await numberOf(connection, `SELECT count(*) FROM ${from} WHERE ${gone}`);
    if (rows === 0) return undefined;
    const instead = sumsInstead(file, wanted, from, gone, this.#parts);
    const summed =
      file.tier === '1d' ? await rawDays.summedUp(connection, `${from} WHERE ${gone}`, instead) : 0;
    const { file: rewritten } = await rewriteFile(connection, file, wanted, this.#parts, instead);
    // What is left of a day may begin before the time and end after it: that is not looked for again.
    if (rewritten !== undefined) done.add(rewritten.name);
    reach('erasure.written');
    const extents =
      rewritten === undefined ? [] : await this.#extentsOf(connection, file, rewritten, wanted);
    await engine.turn(() => {
      replaceFile(file, rewritten, extents, this.#parts);
      reach('erasure.listed');
      removeDoomed(this.#parts);
    });
    return file.tier === 'sealed' || file.tier === 'raw' ? rows : summed;
  }

  /** What is left of the device in a file that was written anew, beside all the others. */
  async #extentsOf(
    connection: DuckDBConnection,
    before: FileEntry,
    after: FileEntry,
    { device }: Wanted,
  ): Promise<Extent[]> {
    const { files, manifest } = this.#parts;
    const known = manifest.extentsIn(before.name);
    const isReading = after.tier === 'sealed' || after.tier === 'raw';
    const result = await connection.run(
      `SELECT metric, min(epoch_us(time))::DOUBLE,
              max(${isReading ? 'epoch_us(time)' : 'last_us'})::DOUBLE, count(*)::DOUBLE
       FROM read_parquet(${quoted(files.pathOf(after.name))})
       WHERE device = ${quoted(device)} GROUP BY metric`,
    );
    const rows = (await result.getRows()) as [string, number, number, number][];
    return [
      ...known.filter((extent) => extent.device !== device),
      ...rows.flatMap(([metric, oldestUs, newestUs, points]) => {
        const old = known.find((one) => one.device === device && one.metric === metric);
        // What has no extent is of a device that was removed.
        return old === undefined ? [] : [{ ...old, oldestUs, newestUs, points }];
      }),
    ];
  }

  /** Sums up again what is left of the days that it was taken out of. */
  async #fromSums({ device, metrics, startUs, endUs }: Wanted): Promise<void> {
    const { manifest, refresh } = this.#parts;
    for (const day of manifest.days(startUs, endUs)) {
      const left = manifest.extentsOf({
        devices: [device],
        ...(metrics && { metrics }),
        startUs: day.fromUs,
        endUs: day.untilUs,
        tiers: ['raw'],
      });
      if (left.length > 0) await refresh(day.fromUs);
    }
  }

  /** Damaged files that may hold some of it go as a whole: nobody can take them apart. */
  async #fromSetAside(connection: DuckDBConnection, all: readonly Wanted[]): Promise<void> {
    const { files, note } = this.#parts;
    for (const name of files.setAsides()) {
      if (await isFreeOf(connection, files.pathOfSetAside(name), all)) continue;
      files.removeSetAside(name);
      note('removed what had been set aside: it may have held erased readings', { file: name });
    }
  }

  /** Takes it out of the journal's file, down to the pages that are free, and out of its log. */
  #fromJournal(all: readonly Wanted[]): void {
    const { db, ledger, manifest } = this.#parts;
    removeDoomed(this.#parts);
    this.#parts.dropCopies();
    for (const { device, startUs, endUs } of all) ledger.eraseQuarantined(device, startUs, endUs);
    db.pragma('secure_delete = ON');
    try {
      db.exec('VACUUM');
      db.transaction(() => {
        for (const id of all.flatMap(({ ids }) => ids)) manifest.removeErasure(id);
      })();
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.pragma('secure_delete = OFF');
    }
  }

  #count({ ids: [first = 0] }: Wanted, removed: number): void {
    const before = this.#counts.get(first);
    if (before !== undefined) this.#counts.set(first, before + removed);
  }
}

/**
 * The days whose raw readings were there when an erasure began: their sums are not counted as
 * readings that went, since those were.
 */
class RawDays {
  readonly #days: readonly Day[];
  readonly #extents: readonly { metric: string; fromUs: number | null; untilUs: number | null }[];

  constructor(manifest: Manifest, { device, startUs, endUs }: Wanted) {
    this.#days = manifest.days(startUs, endUs);
    const [first, last] = [this.#days[0], this.#days.at(-1)];
    this.#extents = manifest.extentsOf({
      devices: [device],
      startUs: first?.fromUs ?? startUs,
      endUs: last?.untilUs ?? endUs,
      tiers: ['raw'],
    });
  }

  /** How many readings the sums of a file stand for that had no raw readings any more. */
  async summedUp(
    connection: DuckDBConnection,
    gone: string,
    instead: string | undefined,
  ): Promise<number> {
    const stretches = this.#extents.map(
      ({ metric, fromUs, untilUs }) =>
        `(metric = ${quoted(metric)} AND epoch_us(time) >= ${fromUs} AND epoch_us(time) < ${untilUs})`,
    );
    const hadRaw = stretches.length === 0 ? 'false' : stretches.join(' OR ');
    const counted = (rows: string): Promise<number> =>
      numberOf(connection, `SELECT coalesce(sum(count), 0) FROM (${rows}) WHERE NOT (${hadRaw})`);
    const stays = instead === undefined ? 0 : await counted(instead);
    return (await counted(`SELECT * FROM ${gone}`)) - stays;
  }
}

/**
 * What is known of hours and days that are only in part of the time that is erased, from the minutes
 * and hours that are left of them, as rows in SQL. Where there are raw readings too, those are summed
 * up later.
 */
function sumsInstead(
  file: FileEntry,
  { device, startUs, endUs }: Wanted,
  from: string,
  gone: string,
  { files, manifest }: EraserParts,
): string | undefined {
  if (file.tier !== '1h' && file.tier !== '1d') return undefined;
  const { tier } = file;
  const finer = tier === '1h' ? '1m' : '1h';
  const parts = [...new Set([startUs, endUs - 1])].flatMap((us) => {
    const day = manifest.dayAt(us);
    if (day === undefined) return [];
    const paths = manifest
      .files(finer)
      .filter(({ fromUs, untilUs }) => (fromUs ?? 0) <= day.fromUs && day.fromUs < (untilUs ?? 0))
      .map(({ name }) => files.pathOf(name));
    if (paths.length === 0) return [];
    const left = `
      SELECT metric AS series, class, epoch_us(time) AS at_us, ${columns}
      FROM read_parquet(${pathList(paths)})
      WHERE device = ${quoted(device)} AND time >= make_timestamp(${day.fromUs})
        AND time < make_timestamp(${day.untilUs})`;
    const sums = `
      SELECT ${quoted(device)} AS device, series AS metric, make_timestamp(at_us) AS time, class,
             ${columns}
      FROM (${widerOf(left, tier, day)})`;
    return [
      `SELECT * FROM (${sums}) WHERE (metric, time, class) IN
      (SELECT (metric, time, class) FROM ${from} WHERE ${gone})`,
    ];
  });
  // Both ends may be of one day.
  return parts.length === 0 ? undefined : [...new Set(parts)].join(' UNION ALL ');
}

/** Whether a file that was set aside can be read, and holds nothing of these devices. */
async function isFreeOf(
  connection: DuckDBConnection,
  path: string,
  all: readonly Wanted[],
): Promise<boolean> {
  if (!path.endsWith('.parquet')) return false;
  const devices = all.map(({ device }) => quoted(device)).join(', ');
  try {
    const from = `read_parquet(${quoted(path)})`;
    const sql = `SELECT count(*) FROM ${from} WHERE device IN (${devices})`;
    return (await numberOf(connection, sql)) === 0;
  } catch {
    return false;
  }
}

async function numberOf(connection: DuckDBConnection, sql: string): Promise<number> {
  const result = await connection.run(sql);
  return Number((await result.getRows())[0]?.[0] ?? 0);
}

/** Puts what was asked for as one back together, in order. */
function together(erasures: readonly Erasure[]): Wanted[] {
  const all = new Map<string, Wanted>();
  for (const { id, device, metric, startUs, endUs, untilSeq } of erasures) {
    const key = JSON.stringify([device, startUs, endUs, untilSeq, metric === null]);
    const before = all.get(key);
    all.set(key, {
      ids: [...(before?.ids ?? []), id],
      device,
      metrics: metric === null ? undefined : [...(before?.metrics ?? []), metric],
      startUs,
      endUs,
      untilSeq,
    });
  }
  return [...all.values()];
}
