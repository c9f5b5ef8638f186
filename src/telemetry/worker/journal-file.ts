import { type Db, migrate, openDatabase } from '#db';
import { HearthError, messageOf } from '#kernel';
import type { Files } from './files.ts';
import { salvage } from './salvage.ts';
import { journalMigrations } from './schema.ts';

/** `HT` and the schema's version: a second opinion on `user_version`, in case one bit of it flips. */
const applicationId = (version: number): number => 0x4854_0000 + version;
const version = journalMigrations.at(-1)?.id ?? 0;

export interface OpenedJournal {
  readonly db: Db;
  /** What was found damaged and what became of it; `undefined` when the file was sound. */
  readonly damage: string | undefined;
}

/**
 * Opens journal.db. When it is damaged, what can still be read moves into a new one and the old
 * files into quarantine: a hub starts whatever it finds.
 * @throws HearthError `data_directory` when the journal was written by a newer Hearth.
 */
export function openJournal(files: Files, label: string, journalBytes: number): OpenedJournal {
  try {
    return { db: openSound(files.journal, journalBytes), damage: undefined };
  } catch (error) {
    if (error instanceof HearthError || !isDamage(error)) throw error;
    const folder = files.setJournalAside(label);
    const db = openSound(files.journal, journalBytes);
    const saved = salvage(folder, db);
    return {
      db,
      damage: `journal.db was damaged (${messageOf(error)}); ${saved}; the damaged file is in ${folder}`,
    };
  }
}

function openSound(path: string, journalBytes: number): Db {
  const db = openDatabase(path);
  try {
    db.pragma('wal_autocheckpoint = 2000');
    db.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
    const pageSize = db.pragma('page_size', { simple: true }) as number;
    db.pragma(`max_page_count = ${Math.max(64, Math.floor(journalBytes / pageSize))}`);
    const found = db.pragma('user_version', { simple: true }) as number;
    const confirmed = db.pragma('application_id', { simple: true }) as number;
    if (found !== 0 || confirmed !== 0) {
      if (confirmed !== applicationId(found)) throw new DamagedJournal('its version is unreadable');
    } else if (hasTables(db)) {
      throw new DamagedJournal('its version is gone');
    }
    migrate(db, journalMigrations);
    if (confirmed !== applicationId(version)) {
      db.pragma(`application_id = ${applicationId(version)}`);
    }
    const check = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new DamagedJournal(String(check));
    // A flipped file-format byte makes a file that can be read and never written. Rolled back, so
    // that a full disk is no damage.
    db.exec('BEGIN; UPDATE progress SET sealed_seq = sealed_seq; ROLLBACK');
    return db;
  } catch (error) {
    closeQuietly(db);
    throw error;
  }
}

class DamagedJournal extends Error {}

const damageCodes =
  /^SQLITE_(CORRUPT|NOTADB|READONLY|IOERR_SHORT_READ|ERROR|SCHEMA|FORMAT|MISMATCH)/;

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedJournal) return true;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && damageCodes.test(code);
}

const hasTables = (db: Db): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' LIMIT 1").get() !== undefined;

/** Closing may fail again for the reason that something failed before; that one is the news. */
export function closeQuietly(db: Db): void {
  try {
    db.close();
  } catch {
    // The reason is already on its way.
  }
}
