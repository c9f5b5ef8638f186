import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Audit, type AuditEntry, type AuditOptions } from '#audit';
import { type Db, migrate, migrations, openDatabase } from '#db';
import { silentLog } from '#kernel';
import { Secrets } from '#secrets';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

export const noonMs = Date.UTC(2026, 2, 1, 12);

export const entry = (rest: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: 'person:Anna',
  action: 'command.create',
  subject: 'device:plug',
  outcome: 'ok',
  ...rest,
});

export interface Journal {
  readonly directory: string;
  readonly keyPath: string;
  readonly db: Db;
  readonly clock: ManualClock;
  readonly secrets: Secrets;
  readonly audit: Audit;
  /** Another start on the same files. Row 1 of a new journal is its anchor. */
  again(options?: Partial<AuditOptions>): Promise<Audit>;
  /** Writes into the table by hand, as somebody does who has the file. */
  tamper(sql: string): void;
}

/** An anchored audit on a real database, started. */
export async function openJournal(options: Partial<AuditOptions> = {}): Promise<Journal> {
  const directory = await temporaryDirectory();
  const db = openDatabase(join(directory, 'hearth.db'));
  onTestFinished(() => void db.close());
  migrate(db, migrations);
  const clock = new ManualClock(noonMs + 0.7);
  const secrets = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
  await secrets.start();
  const keyPath = join(directory, 'audit.key');
  const again = async (more: Partial<AuditOptions> = {}) => {
    const audit = new Audit({
      db,
      clock,
      anchor: { vault: secrets, keyPath },
      ...options,
      ...more,
    });
    await audit.start();
    onTestFinished(() => audit.stop());
    return audit;
  };
  return {
    directory,
    keyPath,
    db,
    clock,
    secrets,
    audit: await again(),
    again,
    tamper: (sql) => {
      const triggers = db
        .prepare<[], { name: string; sql: string }>(
          "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'",
        )
        .all();
      for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
      db.exec(sql);
      for (const trigger of triggers) db.exec(trigger.sql);
    },
  };
}
