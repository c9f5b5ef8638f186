import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { migrate, migrations, openDatabase } from '#db';
import { type Clock, type Log, silentLog, systemClock } from '#kernel';
import { Authority, type AuthorityOptions } from '#pki';
import { Secrets } from '#secrets';
import { temporaryDirectory } from './directory.ts';

export interface AuthorityFixture extends Partial<AuthorityOptions> {
  readonly clock?: Clock;
  readonly log?: Log;
}

/**
 * A started authority in a directory of its own (or in `directory`, for a second start), on a real
 * database; gone when the test is. Its server certificate names `localhost` and loopback only.
 */
export async function startAuthority(options: AuthorityFixture = {}): Promise<Authority> {
  const directory = options.directory ?? join(await temporaryDirectory(), 'pki');
  const db = options.db ?? openDatabase(':memory:');
  if (options.db === undefined) migrate(db, migrations);
  const vault = options.vault ?? (await openVault(directory));
  const authority = new Authority({
    clock: systemClock,
    log: silentLog,
    localNames: () => ['localhost', '127.0.0.1', '::1'],
    ...options,
    directory,
    db,
    vault,
  });
  await authority.start();
  onTestFinished(async () => {
    await authority.stop();
    if (options.db === undefined) db.close();
  });
  return authority;
}

/** A vault whose keys lie in `directory`, which is made when missing. */
export async function openVault(directory: string): Promise<Secrets> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const secrets = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
  await secrets.start();
  return secrets;
}

/** A database file with every table, closed when the test is. */
export function openMigrated(path: string) {
  const db = openDatabase(path);
  migrate(db, migrations);
  onTestFinished(() => {
    db.close();
  });
  return db;
}
