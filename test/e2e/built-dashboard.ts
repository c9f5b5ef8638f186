import { join } from 'node:path';
import { expect } from 'vitest';
import { silentLog, systemClock } from '#kernel';
import { DashboardBuild } from '../../src/cli/dashboard-build.ts';

/** The dashboard that the hub under test serves: of the sources as they are now. */
export async function buildDashboard(): Promise<void> {
  const root = join(import.meta.dirname, '../..');
  const build = new DashboardBuild({ root, log: silentLog, clock: systemClock });
  expect(await build.start()).not.toBe('failed');
}
