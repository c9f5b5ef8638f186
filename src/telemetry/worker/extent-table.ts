import type { Db } from '#db';
import type { Extent, FileExtent } from './entries.ts';
import type { FileTier } from './tiers/tiers.ts';

const columns = `device, metric, extents.oldest_us AS oldestUs,
  extents.newest_us AS newestUs, extents.points, complete`;

/** What files hold of each series, in journal.db: the part of the manifest that a query looks into. */
export class ExtentTable {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  add(name: string, extents: readonly Extent[]): void {
    const insert = this.#db.prepare(
      `INSERT INTO extents (device, metric, file, oldest_us, newest_us, points, complete)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const { device, metric, oldestUs, newestUs, points, complete } of extents) {
      insert.run(device, metric, name, oldestUs, newestUs, points, complete ? 1 : 0);
    }
  }

  /** In the place of what was known of a file. */
  replace(name: string, extents: readonly Extent[]): void {
    this.#db.prepare('DELETE FROM extents WHERE file = ?').run(name);
    this.add(name, extents);
  }

  /** See `Manifest.extentsOf`. */
  overlapping(asked: {
    readonly devices?: readonly string[];
    readonly metrics?: readonly string[];
    readonly startUs: number;
    readonly endUs: number;
    readonly tiers?: readonly FileTier[];
  }): FileExtent[] {
    const { devices, metrics, tiers, startUs, endUs } = asked;
    const only = (column: string, values: readonly string[] | undefined, name: string): string =>
      values === undefined ? '' : `AND ${column} IN (SELECT value FROM json_each(@${name}))`;
    const rows = this.#db
      .prepare(
        `SELECT ${columns}, file, tier, from_us AS fromUs, until_us AS untilUs,
                last_seq AS lastSeq
         FROM extents JOIN files ON files.name = extents.file
         WHERE doomed = 0 AND extents.newest_us >= @startUs AND extents.oldest_us < @endUs
           ${only('device', devices, 'devices')} ${only('metric', metrics, 'metrics')}
           ${only('tier', tiers, 'tiers')}
         ORDER BY last_seq, file`,
      )
      .all({
        startUs,
        endUs,
        ...(devices && { devices: JSON.stringify(devices) }),
        ...(metrics && { metrics: JSON.stringify(metrics) }),
        ...(tiers && { tiers: JSON.stringify(tiers) }),
      });
    return (rows as (Omit<FileExtent, 'complete'> & { complete: number })[]).map(whole);
  }

  of(name: string): Extent[] {
    const rows = this.#db
      .prepare(`SELECT ${columns} FROM extents WHERE file = ? ORDER BY device, metric`)
      .all(name);
    return (rows as (Omit<Extent, 'complete'> & { complete: number })[]).map(whole);
  }

  incomplete(): { device: string; metric: string; file: string }[] {
    return this.#db
      .prepare('SELECT device, metric, file FROM extents WHERE complete = 0')
      .all() as { device: string; metric: string; file: string }[];
  }

  /** See `Manifest.leaveGaps`. */
  leaveGaps(name: string, series: readonly Pick<Extent, 'device' | 'metric'>[]): void {
    this.#db
      .prepare(
        `UPDATE extents SET complete = 0
         WHERE file IN (SELECT other.name FROM files AS other JOIN files AS one
                        ON one.name = @name AND one.tier = 'raw' AND other.tier = 'raw'
                          AND other.from_us = one.from_us AND other.name <> one.name)
           AND (device, metric) IN (SELECT value ->> 0, value ->> 1 FROM json_each(@series))`,
      )
      .run({ name, series: JSON.stringify(series.map((one) => [one.device, one.metric])) });
  }

  /** See `Manifest.awaitsCompaction`. */
  sealedWithin({ fromUs, untilUs }: { fromUs: number; untilUs: number }): boolean {
    const found = this.#db
      .prepare(
        `SELECT 1 FROM files JOIN extents ON extents.file = files.name
         WHERE tier = 'sealed' AND doomed = 0
           AND files.newest_us >= @fromUs AND files.oldest_us < @untilUs
           AND extents.newest_us >= @fromUs AND extents.oldest_us < @untilUs LIMIT 1`,
      )
      .get({ fromUs, untilUs });
    return found !== undefined;
  }
}

/** SQLite knows no booleans. */
const whole = <Row extends { complete: number }>(row: Row) => ({
  ...row,
  complete: row.complete === 1,
});
