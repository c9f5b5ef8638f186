import { getMigrations } from 'better-auth/db/migration';
import { expect, it } from 'vitest';
import { silentLog } from '#kernel';
import { accountOptions } from '../../src/auth/accounts.ts';
import { SlowHash } from '../../src/auth/slow-hash.ts';
import { ManualClock } from '../support/clock.ts';
import { openMigrated } from '../support/pki.ts';

it('gives better-auth every table and column that it wants', async () => {
  const { toBeCreated, toBeAdded } = await getMigrations(
    accountOptions({
      db: openMigrated(':memory:'),
      clock: new ManualClock(0),
      log: silentLog,
      secret: 'A'.repeat(43),
      slowHash: new SlowHash(),
    }),
  );
  expect(toBeCreated).toEqual([]);
  expect(toBeAdded).toEqual([]);
});
