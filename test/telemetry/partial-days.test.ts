import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, noonUs, rowsOf, startTelemetry, store } from './support.ts';

const hourUs = 3600e6;
const dayUs = 24 * hourUs;
const midnightUs = noonUs - 12 * hourUs;
const patience = { timeout: 15_000 };
const config = {
  'telemetry.retention_days': 7,
  'telemetry.free_disk_mb': 1,
  'telemetry.seal_minutes': 100_000,
};

/** A disk of which somebody says how full it is. */
async function start(options: object = {}) {
  const disk = { freeBytes: 4e9 };
  const directory = await temporaryDirectory();
  const freeBytes = () => disk.freeBytes;
  return { ...(await startTelemetry({ directory, config, freeBytes, ...options })), disk };
}

const rawIn = ({ directory }: Bench): string[] =>
  readdirSync(join(directory, 'telemetry', 'raw')).filter((name) => name.startsWith('raw-'));

/** How many readings there are of the first day. */
async function countIn({ telemetry }: Bench, intervalUs = dayUs): Promise<number> {
  const rows = await rowsOf(telemetry, {
    deviceId: 'plug',
    startUs: midnightUs,
    endUs: midnightUs + dayUs,
    intervalMs: intervalUs / 1000,
    aggregates: ['count'],
  });
  return rows.reduce((sum, row) => sum + Number(row.n_count), 0);
}

const send = (bench: Bench, hour: number): Promise<void> =>
  store(bench.telemetry, 'plug', { ts: midnightUs + hour * hourUs, n: hour });

/** A day in two files, and a reading of the day after it. */
async function sendTwoFiles(bench: Bench): Promise<void> {
  for (const hour of [1, 2, 3]) await send(bench, hour);
  await bench.telemetry.compact();
  for (const hour of [4, 5]) await send(bench, hour);
  await bench.telemetry.compact();
  bench.clock.step((noonUs + dayUs) / 1000);
  await store(bench.telemetry, 'plug', { n: 0 });
  await bench.telemetry.compact();
}

describe('a day in two files', () => {
  it('is known to its last reading after one of them has gone, late readings among them', async () => {
    const bench = await start({ dayPoints: 2 });
    await sendTwoFiles(bench);
    expect(rawIn(bench)).toHaveLength(3);
    expect(await countIn(bench)).toBe(5);
    bench.disk.freeBytes = 1024 ** 2 - 1;
    bench.clock.advance(30_000);
    await expect.poll(() => rawIn(bench).length, patience).toBe(2);
    bench.disk.freeBytes = 4e9;
    expect(await countIn(bench)).toBe(5);
    await send(bench, 7);
    expect(await countIn(bench, hourUs)).toBe(6);
    await bench.telemetry.compact();
    expect(await countIn(bench, hourUs)).toBe(6);
  });
});

describe('a reading that came late, and is not in a file of its day when that goes', () => {
  it('is in the sums of its day all the same', async () => {
    const bench = await start();
    await send(bench, 1);
    bench.clock.step((midnightUs + 8 * dayUs - hourUs) / 1000);
    await bench.telemetry.compact();
    // An hour ago it would not have been too late, and it is not yet.
    await send(bench, 23.5);
    await store(bench.telemetry, 'plug', { n: 0 });
    bench.clock.step((midnightUs + 9 * dayUs) / 1000);
    bench.clock.advance(3_700_000);
    await bench.telemetry.storage();
    await bench.telemetry.compact();
    expect(await countIn(bench)).toBe(2);
    expect(await countIn(bench, hourUs)).toBe(2);
    bench.clock.step((midnightUs + 20 * dayUs) / 1000);
    bench.clock.advance(3_700_000);
    await expect.poll(() => rawIn(bench).length, patience).toBe(0);
    expect(await countIn(bench)).toBe(2);
  });
});

describe('on a disk that is too full', () => {
  it('nothing more goes while what went is still being read', async () => {
    const bench = await start();
    for (const day of [0, 1, 2, 3, 4]) {
      bench.clock.step((noonUs + day * dayUs) / 1000);
      await store(bench.telemetry, 'plug', { n: day });
    }
    await bench.telemetry.compact();
    const { lease } = await bench.telemetry.snapshot();
    bench.disk.freeBytes = 1024 ** 2 - 1;
    for (let round = 0; round < 4; round++) {
      bench.clock.advance(30_000);
      await bench.telemetry.storage();
    }
    const raw = async () =>
      (await bench.telemetry.storage()).tiers.find(({ tier }) => tier === 'raw')?.files;
    await expect.poll(raw, patience).toBe(4);
    expect(rawIn(bench)).toHaveLength(5);
    bench.disk.freeBytes = 4e9;
    await bench.telemetry.release(lease);
    bench.clock.advance(30_000);
    await expect.poll(() => rawIn(bench).length, patience).toBe(4);
  });
});
