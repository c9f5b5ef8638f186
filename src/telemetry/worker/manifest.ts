import type { Db } from '#db';
import {
  type Change,
  type Day,
  type Erasure,
  type Extent,
  type FileEntry,
  type FileExtent,
  type TierTotals,
  type Totals,
  tierFileName,
} from './entries.ts';
import { ExtentTable } from './extent-table.ts';
import type { FileTier } from './tiers/tiers.ts';

export type { Change, Day, Erasure, Extent, FileEntry, FileExtent } from './entries.ts';

const fileColumns = `name, first_seq AS firstSeq, last_seq AS lastSeq, bytes, checksum, points,
  oldest_us AS oldestUs, newest_us AS newestUs, received_us AS receivedUs, tier,
  from_us AS fromUs, until_us AS untilUs`;
/** The list of files, in journal.db. What it does not list does not exist. */
export class Manifest {
  readonly #db: Db;
  readonly #extents: ExtentTable;
  #version = 0;
  #forgettings = 0;
  readonly #lostSums = new Set<number>();

  constructor(db: Db) {
    this.#db = db;
    this.#extents = new ExtentTable(db);
  }

  /** Rises with every change of what is listed, so that what was read of it can be kept until then. */
  get version(): number {
    return this.#version;
  }

  /** How many devices were forgotten: what was copied before may hold readings of one. */
  get forgettings(): number {
    return this.#forgettings;
  }

  /** Lists a file. To be called inside a transaction of the caller. */
  add(file: FileEntry, extents: readonly Extent[]): void {
    this.#version++;
    this.#db
      .prepare(
        `INSERT INTO files (name, first_seq, last_seq, bytes, checksum, points, oldest_us, newest_us,
                            received_us, tier, from_us, until_us)
         VALUES (@name, @firstSeq, @lastSeq, @bytes, @checksum, @points, @oldestUs, @newestUs,
                 @receivedUs, @tier, @fromUs, @untilUs)`,
      )
      .run(file);
    this.#extents.add(file.name, extents);
  }

  /** Says what a file holds that is listed without that. */
  describe(name: string, extents: readonly Extent[]): void {
    this.#version++;
    this.#db.transaction(() => {
      this.#extents.add(name, extents);
      this.#db.prepare('DELETE FROM former_ranges WHERE file = ?').run(name);
    })();
  }

  /** The devices that a file was last known to hold, where nothing else is known of it. */
  formerDevices(name: string): string[] {
    const rows = this.#db.prepare('SELECT device FROM former_ranges WHERE file = ?').all(name);
    return (rows as { device: string }[]).map((row) => row.device);
  }

  /** Every file that is to be kept, in order of arrival; only of one tier where that is given. */
  files(tier?: FileTier): FileEntry[] {
    return this.#db
      .prepare(
        `SELECT ${fileColumns} FROM files WHERE doomed = 0 AND tier = coalesce(@tier, tier)
         ORDER BY last_seq, name`,
      )
      .all({ tier: tier ?? null }) as FileEntry[];
  }

  /** A file that is to be kept. */
  find(name: string): FileEntry | undefined {
    return this.#db
      .prepare(`SELECT ${fileColumns} FROM files WHERE name = ? AND doomed = 0`)
      .get(name) as FileEntry | undefined;
  }

  /**
   * Where series have readings within a time (from `startUs`, before `endUs`), in order of arrival.
   * Without `devices` or `metrics`: of all.
   */
  extentsOf(asked: Parameters<ExtentTable['overlapping']>[0]): FileExtent[] {
    return this.#extents.overlapping(asked);
  }

  /** What one file holds, by device and metric. */
  extentsIn(file: string): Extent[] {
    return this.#extents.of(file);
  }

  /** The series of which a file holds late readings alone: see `Extent.complete`. */
  incompleteExtents(): { device: string; metric: string; file: string }[] {
    return this.#extents.incomplete();
  }

  /** The files of which it is not known what they hold, since before that was kept. */
  undescribed(): FileEntry[] {
    return this.#db
      .prepare(
        `SELECT ${fileColumns} FROM files
         WHERE doomed = 0 AND points > 0 AND NOT EXISTS (SELECT 1 FROM extents WHERE file = name)`,
      )
      .all() as FileEntry[];
  }

  /** Whether what files hold is known from a damaged journal, which may have lost some of it. */
  get isSalvaged(): boolean {
    const row = this.#db.prepare('SELECT salvaged FROM progress').get() as { salvaged: number };
    return row.salvaged === 1;
  }

  /** To be called once all of them were read again. */
  notSalvaged(): void {
    this.#db.prepare('UPDATE progress SET salvaged = 0').run();
  }

  /** Says what a file holds in the place of what was known of that. Inside a transaction. */
  describeAgain(name: string, extents: readonly Extent[]): void {
    this.#version++;
    this.#extents.replace(name, extents);
  }

  /** Makes a device's readings unfindable. To be called inside a transaction. */
  forgetDevice(device: string): void {
    this.#version++;
    this.#forgettings++;
    const files = this.#db
      .prepare('DELETE FROM extents WHERE device = ? RETURNING file')
      .all(device) as { file: string }[];
    // With nothing to be found in it, a file would be taken for one that nobody has looked into.
    const doom = this.#db.prepare(
      `UPDATE files SET doomed = 1
       WHERE name = @file AND NOT EXISTS (SELECT 1 FROM extents WHERE file = @file)`,
    );
    for (const { file } of files) doom.run({ file });
  }

  /** The compacted days that overlap a time, in order. */
  days(startUs: number, endUs: number): Day[] {
    return this.#db
      .prepare(
        `SELECT from_us AS fromUs, until_us AS untilUs, zone FROM days
         WHERE until_us > ? AND from_us < ? ORDER BY from_us`,
      )
      .all(startUs, endUs) as Day[];
  }

  /** The compacted day that an instant lies in. */
  dayAt(us: number): Day | undefined {
    const day = this.#db
      .prepare(
        `SELECT from_us AS fromUs, until_us AS untilUs, zone FROM days
         WHERE from_us <= ? ORDER BY from_us DESC LIMIT 1`,
      )
      .get(us) as Day | undefined;
    return day !== undefined && us < day.untilUs ? day : undefined;
  }

  /** Keeps a day for good; one that is known already stays as it is. */
  addDay(day: Day): void {
    this.#version++;
    this.#db
      .prepare(
        'INSERT OR IGNORE INTO days (from_us, until_us, zone) VALUES (@fromUs, @untilUs, @zone)',
      )
      .run(day);
  }

  /** A name for a file about to be written, noted so that a crash leaves nothing of it behind. */
  newName(tier: FileTier, fromUs: number): string {
    return this.#db.transaction(() => {
      const { number } = this.#db
        .prepare('UPDATE progress SET next_file = next_file + 1 RETURNING next_file - 1 AS number')
        .get() as { number: number };
      const name = tierFileName(tier, fromUs, number);
      this.#db.prepare('INSERT OR REPLACE INTO unfinished (name) VALUES (?)').run(name);
      return name;
    })();
  }

  /** Goes on numbering above a file that was found. */
  numberAbove(number: number): void {
    this.#db.prepare('UPDATE progress SET next_file = max(next_file, ? + 1)').run(number);
  }

  /** The names that were taken for files which are not listed. */
  unfinished(): string[] {
    const rows = this.#db.prepare('SELECT name FROM unfinished').all();
    return (rows as { name: string }[]).map((row) => row.name);
  }

  /** Forgets names whose files are not there, or not any more. */
  abandon(names: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM unfinished WHERE name = ?');
    this.#db.transaction(() => {
      for (const name of names) remove.run(name);
    })();
  }

  /** Lists files and takes others out of every answer, in one transaction: all of it or nothing. */
  replace(change: Change): void {
    const finish = this.#db.prepare('DELETE FROM unfinished WHERE name = ?');
    const doom = this.#db.prepare('UPDATE files SET doomed = 1 WHERE name = ?');
    this.#db.transaction(() => {
      for (const name of change.doomed) doom.run(name);
      for (const { file, extents } of change.added) {
        this.add(file, extents);
        finish.run(file.name);
      }
      for (const day of change.days ?? []) this.addDay(day);
      change.also?.();
    })();
    this.#version++;
  }

  /** What is to leave no trace and has not left all files yet, in order. */
  erasures(): Erasure[] {
    return this.#db
      .prepare(
        `SELECT id, device, metric, start_us AS startUs, end_us AS endUs, until_seq AS untilSeq
         FROM erasures ORDER BY id`,
      )
      .all() as Erasure[];
  }

  addErasure(erasure: Omit<Erasure, 'id'>): number {
    this.#version++;
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO erasures (device, metric, start_us, end_us, until_seq)
         VALUES (@device, @metric, @startUs, @endUs, @untilSeq)`,
      )
      .run(erasure);
    return Number(lastInsertRowid);
  }

  removeErasure(id: number): void {
    this.#version++;
    this.#db.prepare('DELETE FROM erasures WHERE id = ?').run(id);
  }

  lastSeq(): number {
    const row = this.#db.prepare('SELECT max(last_seq) AS seq FROM files').get() as {
      seq: number | null;
    };
    return row.seq ?? 0;
  }

  lastReceivedUs(): number {
    const row = this.#db.prepare('SELECT max(received_us) AS us FROM files').get() as {
      us: number | null;
    };
    return row.us ?? 0;
  }

  /**
   * Takes files out of every answer; they may then be removed from the disk at leisure. What others
   * hold of their days is then not all there was.
   */
  doom(names: readonly string[]): void {
    const also = (): void => {
      for (const name of names) this.leaveGaps(name, this.extentsIn(name));
    };
    this.replace({ added: [], doomed: names, also });
  }

  /**
   * Notes that series leave a file of readings, and that what other files hold of them of its day is
   * not all there was. To be called inside a transaction.
   */
  leaveGaps(name: string, series: readonly Pick<Extent, 'device' | 'metric'>[]): void {
    this.#version++;
    this.#extents.leaveGaps(name, series);
  }

  /** Whether a sealed file holds readings of a time: those are in no file of its day yet. */
  awaitsCompaction(time: { fromUs: number; untilUs: number }): boolean {
    return this.#extents.sealedWithin(time);
  }

  /** How many bytes leave the disk as soon as nobody reads them any more. */
  doomedBytes(): number {
    const row = this.#db
      .prepare('SELECT coalesce(sum(bytes), 0) AS bytes FROM files WHERE doomed = 1')
      .get() as { bytes: number };
    return row.bytes;
  }

  doomed(): string[] {
    const rows = this.#db.prepare('SELECT name FROM files WHERE doomed = 1').all();
    return (rows as { name: string }[]).map((row) => row.name);
  }

  /** Forgets a file that has left the disk. */
  remove(name: string): void {
    this.#version++;
    this.#db.prepare('DELETE FROM files WHERE name = ?').run(name);
  }

  /**
   * Forgets a file whose content is lost. What others hold of its day is then not all there was, and
   * sums that it held are wanted anew of the days whose readings there are.
   */
  withdraw(file: FileEntry): void {
    this.#db.transaction(() => {
      if (file.tier === 'raw') {
        this.leaveGaps(file.name, this.extentsIn(file.name));
      } else if (file.tier !== 'sealed') {
        const days = this.#db
          .prepare(
            `SELECT DISTINCT from_us AS fromUs FROM files
             WHERE tier = 'raw' AND doomed = 0 AND from_us >= ? AND from_us < ?`,
          )
          .all(file.fromUs, file.untilUs) as { fromUs: number }[];
        for (const { fromUs } of days) this.#lostSums.add(fromUs);
      }
      this.remove(file.name);
    })();
  }

  /** The days whose sums were lost with a file since the start. */
  lostSums(): number[] {
    return [...this.#lostSums];
  }

  /** To be called once the sums of a day are there again. */
  foundSums(dayFromUs: number): void {
    this.#lostSums.delete(dayFromUs);
  }

  totals(): Totals {
    const tiers = this.#db
      .prepare(
        `SELECT tier, count(*) AS files, coalesce(sum(bytes), 0) AS bytes,
                coalesce(sum(points), 0) AS points, min(oldest_us) AS oldestUs,
                max(newest_us) AS newestUs
         FROM files WHERE doomed = 0 GROUP BY tier`,
      )
      .all() as (TierTotals & { oldestUs: number; newestUs: number })[];
    const sum = (of: readonly TierTotals[], what: 'files' | 'bytes' | 'points'): number =>
      of.reduce((total, one) => total + one[what], 0);
    return {
      files: sum(tiers, 'files'),
      bytes: sum(tiers, 'bytes'),
      points: sum(
        tiers.filter(({ tier }) => tier === 'sealed' || tier === 'raw'),
        'points',
      ),
      oldestUs: tiers.length === 0 ? null : Math.min(...tiers.map((one) => one.oldestUs)),
      newestUs: tiers.length === 0 ? null : Math.max(...tiers.map((one) => one.newestUs)),
      tiers: tiers.map(({ tier, files, bytes, points }) => ({ tier, files, bytes, points })),
    };
  }
}
