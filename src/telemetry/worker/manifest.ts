import type { Db } from '#db';

/** A sealed file as the manifest lists it. */
export interface FileEntry {
  readonly name: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly checksum: number;
  readonly points: number;
  readonly oldestUs: number;
  readonly newestUs: number;
  /** When its newest reading was received, or the file was taken into the manifest again. */
  readonly receivedUs: number;
}

/** What a file holds of one device. */
export interface DeviceRange {
  readonly device: string;
  readonly oldestUs: number;
  readonly newestUs: number;
  readonly points: number;
}

/** A device's part of a file, for a query to choose by. */
export interface FileRange extends DeviceRange {
  readonly file: string;
  /** Files with a higher number hold newer arrivals, whose values win. */
  readonly firstSeq: number;
}

const fileColumns = `name, first_seq AS firstSeq, last_seq AS lastSeq, bytes, checksum, points,
  oldest_us AS oldestUs, newest_us AS newestUs, received_us AS receivedUs`;

/** The list of sealed files, in journal.db. What it does not list does not exist. */
export class Manifest {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** To be called inside the transaction that takes the batches out of the journal. */
  add(file: FileEntry, ranges: readonly DeviceRange[]): void {
    this.#db
      .prepare(
        `INSERT INTO files (name, first_seq, last_seq, bytes, checksum, points, oldest_us, newest_us, received_us)
         VALUES (@name, @firstSeq, @lastSeq, @bytes, @checksum, @points, @oldestUs, @newestUs, @receivedUs)`,
      )
      .run(file);
    const insert = this.#db.prepare(
      'INSERT INTO ranges (device, file, oldest_us, newest_us, points) VALUES (?, ?, ?, ?, ?)',
    );
    for (const range of ranges) {
      insert.run(range.device, file.name, range.oldestUs, range.newestUs, range.points);
    }
  }

  /** Every file that is to be kept, oldest first. */
  files(): FileEntry[] {
    return this.#db
      .prepare(`SELECT ${fileColumns} FROM files WHERE doomed = 0 ORDER BY first_seq`)
      .all() as FileEntry[];
  }

  find(name: string): FileEntry | undefined {
    return this.#db.prepare(`SELECT ${fileColumns} FROM files WHERE name = ?`).get(name) as
      | FileEntry
      | undefined;
  }

  /** Where a device has readings within a time: from `startUs`, before `endUs`. Oldest file first. */
  rangesOf(device: string, startUs: number, endUs: number): FileRange[] {
    return this.#db
      .prepare(
        `SELECT device, file, first_seq AS firstSeq, ranges.oldest_us AS oldestUs,
                ranges.newest_us AS newestUs, ranges.points
         FROM ranges JOIN files ON files.name = ranges.file
         WHERE device = ? AND ranges.newest_us >= ? AND ranges.oldest_us < ? AND doomed = 0
         ORDER BY first_seq`,
      )
      .all(device, startUs, endUs) as FileRange[];
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

  /** Files that retention no longer asks for: all their readings, and their receipt, lie before. */
  pastRetention(beforeUs: number): FileEntry[] {
    return this.#db
      .prepare(
        `SELECT ${fileColumns} FROM files
         WHERE doomed = 0 AND newest_us < @beforeUs AND received_us < @beforeUs`,
      )
      .all({ beforeUs }) as FileEntry[];
  }

  /** Takes files out of every answer; they may then be removed from the disk at leisure. */
  doom(names: readonly string[]): void {
    const update = this.#db.prepare('UPDATE files SET doomed = 1 WHERE name = ?');
    this.#db.transaction(() => {
      for (const name of names) update.run(name);
    })();
  }

  doomed(): string[] {
    const rows = this.#db.prepare('SELECT name FROM files WHERE doomed = 1').all();
    return (rows as { name: string }[]).map((row) => row.name);
  }

  remove(name: string): void {
    this.#db.prepare('DELETE FROM files WHERE name = ?').run(name);
  }

  totals(): {
    files: number;
    bytes: number;
    points: number;
    oldestUs: number | null;
    newestUs: number | null;
  } {
    return this.#db
      .prepare(
        `SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes, coalesce(sum(points), 0) AS points,
                min(oldest_us) AS oldestUs, max(newest_us) AS newestUs
         FROM files WHERE doomed = 0`,
      )
      .get() as ReturnType<Manifest['totals']>;
  }
}
