import { HearthError } from '#kernel';
import type { Db } from './open.ts';

/** One step of a database's history. Never edited once released: a later step mends it. */
export interface Migration {
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings a database to the newest of `migrations`, each step in a transaction of its own, so that a
 * power cut leaves it between two steps and never inside one.
 * @throws HearthError `data_directory` when the file was written by a newer Hearth.
 */
export function migrate(db: Db, migrations: readonly Migration[]): void {
  const current = db.pragma('user_version', { simple: true }) as number;
  const newest = migrations.at(-1)?.id ?? 0;
  if (current > newest) {
    throw new HearthError(
      'data_directory',
      `the database is at version ${current}; this Hearth knows versions up to ${newest}`,
      { hint: 'It was written by a newer Hearth. Start that version, or restore an older backup.' },
    );
  }
  for (const migration of migrations) {
    if (migration.id <= current) continue;
    db.transaction(() => {
      db.exec(migration.sql);
      db.pragma(`user_version = ${migration.id}`);
    })();
  }
}
