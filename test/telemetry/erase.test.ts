import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '#audit';
import { temporaryDirectory } from '../support/directory.ts';
import {
  type Bench,
  noonUs,
  rowsOf,
  send,
  startTelemetry,
  stopTelemetry,
  store,
} from './support.ts';
import { filesWith } from './traces.ts';

const hourUs = 3600e6;
const dayUs = 24 * hourUs;
/** A text and a number that nothing else holds. */
const text = 'the-marker-of-this-test';
const number = 7_412_345.678_9;

const start = (directory: string, more: object = {}) =>
  startTelemetry({ directory, config: { 'telemetry.retention_days': 1000 }, ...more });

/** Readings of both devices at a time: one of each metric. */
async function storeAt({ telemetry }: Bench, timeUs: number, n: number): Promise<void> {
  await store(telemetry, 'plug', { ts: timeUs, n, secret: number, note: text });
  await store(telemetry, 'other', { ts: timeUs, n });
}

/** Three days of readings, an hour apart: two compacted, one sealed in part and in part in the tail. */
async function fill(bench: Bench): Promise<void> {
  const from = noonUs - 2.5 * dayUs;
  for (let hour = 0; hour < 60; hour++) {
    await storeAt(bench, from + hour * hourUs, hour);
    if (hour === 49) await bench.telemetry.compact();
    if (hour === 55) await bench.telemetry.seal();
  }
}

const all = { startUs: noonUs - 1000 * dayUs, endUs: noonUs + 1000 * dayUs };
const numbersOf = async ({ telemetry }: Bench, deviceId: string) =>
  (await rowsOf(telemetry, { deviceId, ...all, fields: ['n'] })).map((row) => row.n);
const hours = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, at) => from + at);
const tracesIn = (directory: string) => filesWith(join(directory, 'telemetry'), [text, number]);

describe('deleted history', () => {
  it('is gone from every answer at once, and from every file when that is told', async () => {
    const directory = await temporaryDirectory();
    const entries: AuditEntry[] = [];
    const bench = await start(directory, {
      audit: { append: (one: AuditEntry) => entries.push(one) },
    });
    const { telemetry } = bench;
    await fill(bench);
    send(telemetry, 'plug', { note: ['no', text] });
    expect(telemetry.quarantine.list('plug')).toHaveLength(1);
    bench.clock.advance(1000);
    // What others read of the tail is a file too.
    const { lease } = await telemetry.snapshot();
    await telemetry.release(lease);
    expect(await tracesIn(directory)).toContainEqual(expect.stringMatching(/^spill/));
    const erased = telemetry.erase({ deviceId: 'plug', ...all, actor: 'person:Anna' });
    expect(await numbersOf(bench, 'plug')).toEqual([]);
    expect((await telemetry.statistics({ deviceId: 'plug', ...all })).metrics).toEqual({});
    expect(await erased).toBe(180);
    expect(await numbersOf(bench, 'plug')).toEqual([]);
    expect(await numbersOf(bench, 'other')).toEqual(hours(0, 60));
    expect(telemetry.quarantine.list('plug')).toEqual([]);
    expect(await tracesIn(directory)).toEqual([]);
    expect(entries).toMatchObject([
      { actor: 'person:Anna', action: 'telemetry.delete', subject: 'device:plug', outcome: 'ok' },
    ]);
    await stopTelemetry(bench);
    const after = await start(directory);
    expect(await numbersOf(after, 'plug')).toEqual([]);
    expect(await numbersOf(after, 'other')).toEqual(hours(0, 60));
    expect(await after.telemetry.incidents()).toEqual([]);
  });

  it('is also what was not on its way to the disk yet', async () => {
    const bench = await start(await temporaryDirectory());
    const { telemetry } = bench;
    await store(telemetry, 'plug', { ts: noonUs - 1, n: 0 });
    const { committed } = send(telemetry, 'plug', { ts: noonUs, n: 1 });
    expect(await telemetry.erase({ deviceId: 'plug', ...all, actor: 'local' })).toBe(2);
    await committed;
    expect(await numbersOf(bench, 'plug')).toEqual([]);
    await store(telemetry, 'plug', { ts: noonUs, n: 2 });
    expect(await numbersOf(bench, 'plug')).toEqual([2]);
  });

  it('is of a time and of metrics, and what is left is summed up as it is', async () => {
    const directory = await temporaryDirectory();
    const bench = await start(directory);
    const { telemetry } = bench;
    const fifthUs = noonUs - 2.5 * dayUs + 5 * hourUs;
    await storeAt(bench, fifthUs + 20e6, -5);
    await fill(bench);
    // It begins within a minute.
    const range = {
      startUs: fifthUs + 10e6,
      endUs: noonUs - 2.5 * dayUs + 58 * hourUs,
    };
    const deleted = await telemetry.erase({
      deviceId: 'plug',
      metrics: ['n', 'secret'],
      ...range,
      actor: 'local',
    });
    expect(deleted).toBe(53 * 2);
    expect(await numbersOf(bench, 'plug')).toEqual([...hours(0, 6), 58, 59]);
    expect(await rowsOf(telemetry, { deviceId: 'plug', ...all, fields: ['note'] })).toHaveLength(
      61,
    );
    const day = async (deviceId: string) =>
      rowsOf(telemetry, {
        deviceId,
        ...all,
        fields: ['n'],
        intervalMs: dayUs / 1000,
        timeZone: 'UTC',
        aggregates: ['count', 'max'],
      });
    const expected = [
      { timestamp: '2026-01-29T00:00:00.000Z', n_count: 6, n_max: 5 },
      { timestamp: '2026-01-31T00:00:00.000Z', n_count: 2, n_max: 59 },
    ];
    expect(await day('plug')).toEqual(expected);
    await telemetry.compact();
    expect(await day('plug')).toEqual(expected);
    expect(await day('other')).toHaveLength(3);
  });

  it('leaves what arrives afterwards, sealed and compacted, and after a restart', async () => {
    const directory = await temporaryDirectory();
    const bench = await start(directory);
    await fill(bench);
    const erased = bench.telemetry.erase({ deviceId: 'plug', ...all, actor: 'local' });
    // Into the tail, which holds what is to go.
    await storeAt(bench, noonUs - 2 * dayUs, 1);
    await erased;
    expect(await numbersOf(bench, 'plug')).toEqual([1]);
    await bench.telemetry.seal();
    await storeAt(bench, noonUs - dayUs, 2);
    expect(await numbersOf(bench, 'plug')).toEqual([1, 2]);
    await stopTelemetry(bench);
    const after = await start(directory);
    expect(await numbersOf(after, 'plug')).toEqual([1, 2]);
    await after.telemetry.compact();
    expect(await numbersOf(after, 'plug')).toEqual([1, 2]);
  });

  it('takes sums along of which there are no raw readings any more', async () => {
    const bench = await startTelemetry({
      directory: await temporaryDirectory(),
      config: { 'telemetry.retention_days': 3 },
    });
    const { telemetry, clock } = bench;
    await fill(bench);
    await telemetry.compact();
    clock.step(clock.nowMs() + 6 * 86_400_000);
    clock.advance(3_700_000);
    const raw = async () => (await telemetry.storage()).tiers.find(({ tier }) => tier === 'raw');
    await expect.poll(raw, { timeout: 20_000 }).toBeUndefined();
    const counts = async (deviceId: string) =>
      (
        await rowsOf(telemetry, {
          deviceId,
          ...all,
          fields: ['n'],
          intervalMs: dayUs / 1000,
          timeZone: 'UTC',
          aggregates: ['count'],
        })
      ).map((row) => row.n_count);
    expect(await counts('plug')).toEqual([24, 24, 12]);
    const startUs = noonUs - 2 * dayUs;
    const deleted = await telemetry.erase({
      deviceId: 'plug',
      metrics: ['n'],
      startUs,
      endUs: startUs + hourUs,
      actor: 'local',
    });
    expect(deleted).toBe(1);
    expect(await counts('plug')).toEqual([23, 24, 12]);
    expect(await counts('other')).toEqual([24, 24, 12]);
  });

  it('stays deleted when the journal is lost, and the rest is taken in again', async () => {
    const directory = await temporaryDirectory();
    const bench = await start(directory);
    for (let hour = 0; hour < 6; hour++) {
      await storeAt(bench, noonUs - hour * hourUs, hour);
      if (hour % 2 === 1) await bench.telemetry.seal();
    }
    const range = { startUs: noonUs - 4 * hourUs, endUs: noonUs };
    await bench.telemetry.erase({ deviceId: 'plug', ...range, actor: 'local' });
    expect(await numbersOf(bench, 'plug')).toEqual([5, 0]);
    await stopTelemetry(bench);
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(join(directory, 'telemetry', `journal.db${suffix}`), { force: true });
    }
    const after = await start(directory);
    expect(await numbersOf(after, 'plug')).toEqual([5, 0]);
    expect(await numbersOf(after, 'other')).toEqual([5, 4, 3, 2, 1, 0]);
    await after.telemetry.compact();
    expect(await numbersOf(after, 'plug')).toEqual([5, 0]);
    expect(await numbersOf(after, 'other')).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('is in no damaged file that was set aside', async () => {
    const directory = await temporaryDirectory();
    const bench = await start(directory);
    await fill(bench);
    const torn = join(directory, 'telemetry', 'quarantine', '000000000001-000000000002.parquet');
    writeFileSync(torn, `PAR1 ${text} PAR1`);
    await bench.telemetry.erase({ deviceId: 'plug', ...all, actor: 'local' });
    expect(await tracesIn(directory)).toEqual([]);
  });
});

describe('a removed device', () => {
  it('leaves no trace in any file, also of what was under way, and none to a new one', async () => {
    const directory = await temporaryDirectory();
    const bench = await start(directory);
    const { telemetry } = bench;
    await fill(bench);
    send(telemetry, 'plug', { note: ['no', text] });
    const underWay = send(telemetry, 'plug', { ts: noonUs, secret: number, note: text });
    const gone = telemetry.forget('plug');
    await store(telemetry, 'plug', { ts: noonUs - dayUs, n: -1 });
    await Promise.all([gone, underWay.committed]);
    expect(await numbersOf(bench, 'plug')).toEqual([-1]);
    await telemetry.erased();
    expect(await numbersOf(bench, 'plug')).toEqual([-1]);
    expect(await tracesIn(directory)).toEqual([]);
    await telemetry.compact();
    expect(await numbersOf(bench, 'plug')).toEqual([-1]);
    expect(await numbersOf(bench, 'other')).toEqual(hours(0, 60));
    await stopTelemetry(bench);
    const after = await start(directory);
    expect(await numbersOf(after, 'plug')).toEqual([-1]);
    expect(await after.telemetry.incidents()).toEqual([]);
  });
});
