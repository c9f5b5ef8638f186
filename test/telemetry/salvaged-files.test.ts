import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '#db';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, noonUs, rowsOf, startTelemetry, stopTelemetry, store } from './support.ts';

const devices = Array.from({ length: 60 }, (_, n) => `device-${String(n).padStart(2, '0')}`);
const metrics = Array.from({ length: 20 }, (_, n) => `a_metric_with_a_long_name_${n}`);
const readings = Object.fromEntries(metrics.map((metric, n) => [metric, n]));

/** Spoils pages in the middle of what is known of the files. */
function spoilExtents(directory: string): void {
  const path = join(directory, 'telemetry', 'journal.db');
  const db = openDatabase(path);
  const pageSize = db.pragma('page_size', { simple: true }) as number;
  const pages = db
    .prepare(`SELECT pageno FROM dbstat WHERE name = 'extents' AND pagetype = 'leaf' ORDER BY path`)
    .all() as { pageno: number }[];
  db.close();
  const bytes = readFileSync(path);
  for (const { pageno } of pages.slice(4, -4))
    bytes.fill(0xff, (pageno - 1) * pageSize, pageno * pageSize);
  writeFileSync(path, bytes);
}

async function found({ telemetry }: Bench): Promise<number> {
  let count = 0;
  for (const deviceId of devices) {
    for (const row of await rowsOf(telemetry, { deviceId })) count += Object.keys(row).length - 1;
  }
  return count;
}

it('what files hold is found although the journal lost what it knew of them', async () => {
  const directory = await temporaryDirectory();
  const bench = await startTelemetry({ directory });
  for (const deviceId of devices)
    await store(bench.telemetry, deviceId, { ts: noonUs, ...readings });
  await bench.telemetry.compact();
  for (const deviceId of devices)
    await store(bench.telemetry, deviceId, { ts: noonUs + 1, ...readings });
  await bench.telemetry.seal();
  await stopTelemetry(bench);
  spoilExtents(directory);
  const after = await startTelemetry({ directory });
  expect((await after.telemetry.incidents()).map(({ kind }) => kind)).toContain('journal_damaged');
  expect(await found(after)).toBe(devices.length * metrics.length * 2);
  await after.telemetry.compact();
  expect(await found(after)).toBe(devices.length * metrics.length * 2);
}, 60_000);
