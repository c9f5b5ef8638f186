import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { daysBetween, daysWithin } from '../../src/telemetry/exports/days.ts';
import { startExporting } from './exporting.ts';
import { noonUs, secondUs, store } from './support.ts';

const dayUs = 86_400 * secondUs;

it.each([
  ['nothing', [], 0, []],
  ['one day', [[2.5, 2.6]], 0, [2]],
  [
    'two that overlap, out of order',
    [
      [6.5, 6.6],
      [1.5, 3.1],
      [2, 2.2],
    ],
    0,
    [1, 2, 3, 6],
  ],
  ['what begins before it', [[4.5, 4.6]], 2, [2, 3, 4]],
])('days with %s in them', (_, extents, lead, expected) => {
  const days = daysBetween(0, 10 * dayUs, 'UTC');
  const given = extents.map(([from = 0, until = 0]) => ({
    oldestUs: from * dayUs,
    newestUs: until * dayUs,
  }));
  const found = daysWithin(days, given, lead * dayUs).map(({ startUs }) => startUs / dayUs);
  expect(found).toEqual(expected);
});

it.each([
  ['readings', {}, 2],
  ['sums', { interval: '1d' }, 2],
])('of 56 years %s are written at once', async (_, more, rows) => {
  const { run, telemetry, folder } = await startExporting();
  await store(telemetry, 'plug', [
    { ts: noonUs - dayUs, power: 60.5 },
    { ts: noonUs - secondUs, power: 61 },
  ]);
  const out = await folder();
  const began = performance.now();
  const job = await run({ start: '1970-01-01', format: 'csv', out, ...more });
  expect(job).toMatchObject({ status: 'done', progress: { rows } });
  expect(job.progress.days_done).toBe(job.progress.days);
  expect(job.progress.days).toBeGreaterThan(20_000);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(await readFile(join(out, job.files[0]?.name ?? ''), 'utf8')).toContain('plug');
});
