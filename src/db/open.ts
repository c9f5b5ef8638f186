import { chmodSync, existsSync } from 'node:fs';
import Database from 'better-sqlite3';

export type Db = Database.Database;

/**
 * Opens (or makes) a SQLite file as Hearth trusts it: WAL, and synchronous=FULL so that a commit
 * that returned survives a power cut (NORMAL lost 300 of 300 in ours). It is for its owner alone.
 * With `leavesNoTrace` what is deleted is overwritten, at the price of a second write.
 */
export function openDatabase(
  path: string,
  { leavesNoTrace = false }: { readonly leavesNoTrace?: boolean } = {},
): Db {
  const db = new Database(path);
  // SQLite gives the files beside it, which it makes below, the mode of the database itself.
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) close(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  // 2 MB instead of better-sqlite3's 16: what Hearth asks of SQLite is small, and a Pi's memory is too.
  db.pragma('cache_size = -2000');
  db.pragma('foreign_keys = ON');
  if (leavesNoTrace) db.pragma('secure_delete = ON');
  db.pragma('busy_timeout = 2000');
  return db;
}

/** A hub of before made files by the umask of whoever started it. */
function close(path: string): void {
  try {
    chmodSync(path, 0o600);
  } catch {
    // Another user's, who may have let us write it, or a disk without modes: it stays as it is.
  }
}
