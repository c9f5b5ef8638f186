import type { Migration } from '#db';

/** The one timeline of journal.db, which only the storage worker opens. */
export const journalMigrations: readonly Migration[] = [
  {
    id: 1,
    name: 'journal',
    sql: `
      -- Readings that are acknowledged and not yet in a sealed file.
      CREATE TABLE batches (
        seq INTEGER PRIMARY KEY,
        points INTEGER NOT NULL,
        received_us INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        body BLOB NOT NULL
      ) STRICT;
      -- How far batches have been sealed: a file may be removed, its numbers are never used again.
      CREATE TABLE progress (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        sealed_seq INTEGER NOT NULL
      ) STRICT;
      INSERT INTO progress (one, sealed_seq) VALUES (1, 0);
      -- Sequence numbers that will never come back, so that a loss is reported once.
      CREATE TABLE gaps (
        first_seq INTEGER PRIMARY KEY,
        last_seq INTEGER NOT NULL
      ) STRICT;
      -- UNIQUE is also a second copy of every row, in its index: see salvage.ts.
      CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        device TEXT NOT NULL,
        metric TEXT NOT NULL,
        UNIQUE (device, metric)
      ) STRICT;
      -- What redeliveries are known by, once their batch has left the journal.
      CREATE TABLE deliveries (
        device TEXT NOT NULL,
        packet_id INTEGER NOT NULL,
        fingerprint INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (device, packet_id)
      ) STRICT, WITHOUT ROWID;
      -- The manifest: a Parquet file that is not listed here does not exist.
      CREATE TABLE files (
        name TEXT PRIMARY KEY,
        first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        points INTEGER NOT NULL,
        oldest_us INTEGER NOT NULL,
        newest_us INTEGER NOT NULL,
        received_us INTEGER NOT NULL,
        doomed INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE TABLE ranges (
        device TEXT NOT NULL,
        file TEXT NOT NULL REFERENCES files (name) ON DELETE CASCADE,
        oldest_us INTEGER NOT NULL,
        newest_us INTEGER NOT NULL,
        points INTEGER NOT NULL,
        PRIMARY KEY (device, file)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX ranges_by_file ON ranges (file);
      CREATE TABLE incidents (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL
      ) STRICT;
      CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY,
        device TEXT NOT NULL,
        received_at TEXT NOT NULL,
        source TEXT NOT NULL,
        topic TEXT NOT NULL,
        field TEXT NOT NULL,
        reason TEXT NOT NULL,
        payload TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    id: 2,
    name: 'forgotten',
    sql: `
      -- Series of removed devices that batches up to until_seq may still hold.
      CREATE TABLE forgotten (
        series INTEGER PRIMARY KEY,
        until_seq INTEGER NOT NULL
      ) STRICT;
    `,
  },
  {
    id: 3,
    name: 'tiers',
    sql: `
      -- sealed: as it arrived; raw: a day of readings; 1m, 1h, 1d: sums. See tiers/tiers.ts.
      ALTER TABLE files ADD COLUMN tier TEXT NOT NULL DEFAULT 'sealed';
      -- The time that a file of a tier stands for; NULL for a sealed one, which takes what comes.
      ALTER TABLE files ADD COLUMN from_us INTEGER;
      ALTER TABLE files ADD COLUMN until_us INTEGER;
      -- What a file holds of a series, in the place of ranges, which knew devices alone. A file
      -- without any is read once, at the next start.
      CREATE TABLE extents (
        device TEXT NOT NULL,
        metric TEXT NOT NULL,
        file TEXT NOT NULL REFERENCES files (name) ON DELETE CASCADE,
        oldest_us INTEGER NOT NULL,
        newest_us INTEGER NOT NULL,
        -- Readings; of a rollup its rows.
        points INTEGER NOT NULL,
        -- 0: readings that came after others of their day had been removed. Its rollups know more.
        complete INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (device, metric, file)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX extents_by_file ON extents (file);
      -- Kept until then: a device that it does not name for a file was removed.
      ALTER TABLE ranges RENAME TO former_ranges;
      UPDATE files SET doomed = 1 WHERE name NOT IN (SELECT file FROM former_ranges);
      -- The days that were compacted, for good: a change of the home's time zone leaves them as they are.
      CREATE TABLE days (
        from_us INTEGER PRIMARY KEY,
        until_us INTEGER NOT NULL,
        zone TEXT NOT NULL
      ) STRICT;
      -- Files that are being written. Found unlisted at the start they go; others are taken in.
      CREATE TABLE unfinished (
        name TEXT PRIMARY KEY
      ) STRICT;
      -- Readings that are to leave no trace, and have not left all files yet.
      CREATE TABLE erasures (
        id INTEGER PRIMARY KEY,
        device TEXT NOT NULL,
        -- NULL: all of them.
        metric TEXT,
        start_us INTEGER NOT NULL,
        end_us INTEGER NOT NULL,
        -- What arrived later is not meant.
        until_seq INTEGER NOT NULL
      ) STRICT;
      ALTER TABLE progress ADD COLUMN next_file INTEGER NOT NULL DEFAULT 1;
    `,
  },
  {
    id: 4,
    name: 'salvaged',
    sql: `
      -- 1: this was read out of a damaged journal, and what files hold has to be read from them again.
      ALTER TABLE progress ADD COLUMN salvaged INTEGER NOT NULL DEFAULT 0;
    `,
  },
];
