import { mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '#db';
import { temporaryDirectory } from '../support/directory.ts';
import { Model, rounded, rowsIn, type Sent, sumsIn } from './model.ts';
import { type Bench, noonUs, rowsOf, startTelemetry, stopTelemetry, store } from './support.ts';

const hourUs = 3600e6;
const dayUs = 24 * hourUs;
const config = { 'home.time_zone': 'Europe/Berlin', 'telemetry.retention_days': 3650 };
const tiers = ['1m', '1h', '1d'] as const;

const start = async (more: Partial<Parameters<typeof startTelemetry>[0]> = {}): Promise<Bench> =>
  startTelemetry({ directory: await temporaryDirectory(), config, ...more });
const folder = (directory: string): string => join(directory, 'telemetry', 'raw');
const namesIn = (directory: string): string[] => readdirSync(folder(directory)).sort();
const ofTier = (directory: string, tier: string): string[] =>
  namesIn(directory).filter((name) => name.startsWith(`${tier}-`));

async function send(bench: Bench, model: Model, timeUs: number, value: number): Promise<void> {
  const sent: Sent = { device: 'plug', metric: 'power', timeUs, value };
  model.send(sent);
  await store(bench.telemetry, sent.device, { ts: timeUs, [sent.metric]: value });
}

/** Three days with a reading every hour. */
async function sendThreeDays(bench: Bench, model: Model): Promise<void> {
  for (let hour = 0; hour < 72; hour++) await send(bench, model, noonUs - hour * hourUs, hour);
}

async function expectAll(bench: Bench, model: Model): Promise<void> {
  const all = { startUs: noonUs - 400 * dayUs, endUs: noonUs + dayUs };
  expect(await rowsOf(bench.telemetry, { deviceId: 'plug', ...all })).toEqual(model.rowsOf('plug'));
}

async function expectSums(bench: Bench, model: Model): Promise<void> {
  for (const tier of tiers) {
    expect(rounded(await sumsIn(bench.directory, tier)), tier).toEqual(rounded(model.sums(tier)));
  }
}

describe('compaction', () => {
  it('makes of sealed files a sorted one for each day, and sums of it', async () => {
    const bench = await start();
    await store(bench.telemetry, 'plug', { ts: noonUs - dayUs, power: 1, on: true });
    await store(bench.telemetry, 'fan', { ts: noonUs, mode: 'eco' });
    await bench.telemetry.seal();
    await store(bench.telemetry, 'plug', { ts: noonUs - 1, power: 3 });
    await store(bench.telemetry, 'plug', { ts: noonUs - 2, power: 2 });
    await store(bench.telemetry, 'fan', { ts: noonUs, mode: 'max' });
    await bench.telemetry.compact();
    expect(namesIn(bench.directory).map((name) => name.replace(/-\d{8}\.parquet$/, ''))).toEqual([
      '1d-20251231',
      '1h-20251231',
      '1m-20260129',
      '1m-20260130',
      'raw-20260129',
      'raw-20260130',
    ]);
    const rows = await rowsIn(bench.directory, 'raw');
    expect(rows.map(({ device, metric, value, text }) => [device, metric, value, text])).toEqual([
      ['plug', 'on', 1, null],
      ['plug', 'power', 1, null],
      ['fan', 'mode', null, 'max'],
      ['plug', 'power', 2, null],
      ['plug', 'power', 3, null],
    ]);
    expect(await bench.telemetry.storage()).toMatchObject({
      points: 5,
      sealedFiles: 0,
      oldestUs: noonUs - dayUs,
      tiers: [
        { tier: '1d', files: 1, points: 4 },
        { tier: '1h', files: 1, points: 4 },
        { tier: '1m', files: 2, points: 4 },
        { tier: 'raw', files: 2, points: 5 },
      ],
    });
  });

  it('opens again only the days that late readings belong to', async () => {
    const bench = await start();
    const model = new Model('Europe/Berlin');
    await sendThreeDays(bench, model);
    await bench.telemetry.compact();
    const before = namesIn(bench.directory);
    await send(bench, model, noonUs - 30 * hourUs + 5, 7);
    await bench.telemetry.compact();
    const replaced = before.filter((name) => !namesIn(bench.directory).includes(name));
    expect(replaced.map((name) => name.slice(0, -'-00000000.parquet'.length))).toEqual([
      '1d-20251231',
      '1h-20251231',
      '1m-20260129',
      'raw-20260129',
    ]);
    await expectAll(bench, model);
    await expectSums(bench, model);
  });

  it('comes an hour after the end of a day, or when there are more than 24 sealed files', async () => {
    const bench = await start({ config: { ...config, 'telemetry.seal_minutes': 100_000 } });
    const sealed = async () => (await bench.telemetry.storage()).sealedFiles;
    for (let n = 1; n <= 24; n++) {
      await store(bench.telemetry, 'plug', { ts: noonUs + n, n });
      await bench.telemetry.seal();
    }
    bench.clock.advance(60_000);
    expect(await sealed()).toBe(24);
    await store(bench.telemetry, 'plug', { ts: noonUs, n: 0 });
    await bench.telemetry.seal();
    await until(sealed, 0);
    await store(bench.telemetry, 'plug', { ts: noonUs, n: 0 });
    await bench.telemetry.seal();
    // Midnight in Berlin is at 23:00 UTC: eleven hours from now.
    bench.clock.advance(11 * 3600_000 + 3500_000);
    await store(bench.telemetry, 'plug', { ts: noonUs + 1, n: 0 });
    await bench.telemetry.seal();
    bench.clock.advance(200_000);
    await until(sealed, 0);
    // Each pass makes four files: this was the second, and took both.
    expect(ofTier(bench.directory, 'raw')).toEqual(['raw-20260130-00000005.parquet']);
  });

  it('leaves days as they are when the home moves, and fits new ones in between', async () => {
    const bench = await start();
    const model = new Model('Europe/Berlin');
    for (const hours of [0, 48]) await send(bench, model, noonUs - hours * hourUs, hours);
    await bench.telemetry.compact();
    await stopTelemetry(bench);
    const moved = { ...config, 'home.time_zone': 'Asia/Kolkata' };
    const after = await start({ directory: bench.directory, config: moved });
    for (let hour = 1; hour < 70; hour++) await send(after, model, noonUs - hour * hourUs, hour);
    await after.telemetry.compact();
    await expectAll(after, model);
    const db = openDatabase(join(bench.directory, 'telemetry', 'journal.db'));
    const days = db.prepare('SELECT * FROM days ORDER BY from_us').all() as {
      from_us: number;
      until_us: number;
      zone: string;
    }[];
    db.close();
    const [berlin, kolkata] = ['Europe/Berlin', 'Asia/Kolkata'];
    expect(days.map(({ zone }) => zone)).toEqual([
      ...[kolkata, kolkata, berlin, kolkata, kolkata, berlin],
    ]);
    for (const [at, day] of days.slice(1).entries()) {
      expect(day.from_us).toBe(days[at]?.until_us);
    }
    const sums = await sumsIn(bench.directory, '1d');
    expect(sums.map(({ at }) => at)).toEqual(days.map((day) => day.from_us));
    expect(sums.reduce((sum, row) => sum + row.count, 0)).toBe(model.readings().length);
  });

  it('changes nothing when the disk fails, and is done when it does not any more', async () => {
    const bench = await start();
    const model = new Model('Europe/Berlin');
    await sendThreeDays(bench, model);
    await bench.telemetry.compact();
    await send(bench, model, noonUs - 5, 1);
    await bench.telemetry.seal();
    const before = namesIn(bench.directory);
    // Where the files would be written there are folders.
    const obstacles = Array.from({ length: 60 }, (_, n) =>
      ['raw', '1m', '1h', '1d'].map((tier) => {
        const day = tier === 'raw' || tier === '1m' ? '20260130' : '20251231';
        return join(
          folder(bench.directory),
          `${tier}-${day}-${String(n).padStart(8, '0')}.parquet.tmp`,
        );
      }),
    ).flat();
    const rollupsOnly = obstacles.filter((path) => /[/]1d-/.test(path));
    for (const blocked of [obstacles, rollupsOnly]) {
      for (const path of blocked) mkdirSync(path);
      await expect(bench.telemetry.compact()).rejects.toMatchObject({ code: 'storage_failed' });
      for (const path of blocked) rmSync(path, { recursive: true });
      expect(namesIn(bench.directory)).toEqual(before);
      await expectAll(bench, model);
    }
    await bench.telemetry.compact();
    await expectAll(bench, model);
    await expectSums(bench, model);
  });
});

describe('a damaged or lost file', () => {
  it('of readings leaves its sums, which late readings do not make smaller', async () => {
    const bench = await start();
    const model = new Model('Europe/Berlin');
    await sendThreeDays(bench, model);
    await bench.telemetry.compact();
    await stopTelemetry(bench);
    const [first] = ofTier(bench.directory, 'raw');
    truncateSync(join(folder(bench.directory), String(first)), 100);
    const after = await start({ directory: bench.directory });
    expect((await after.telemetry.incidents()).map(({ kind }) => kind)).toEqual(['torn_file']);
    await expectSums(after, model);
    const oldest = model.readings()[0] as Sent;
    // One that is known already, of an hour with one reading, and one of an hour with none.
    await store(after.telemetry, 'plug', { ts: oldest.timeUs, power: oldest.value });
    await send(after, model, oldest.timeUs - 2 * hourUs, 5);
    await after.telemetry.compact();
    for (const tier of ['1m', '1h'] as const) {
      expect(await sumsIn(bench.directory, tier)).toEqual(model.sums(tier));
    }
    const days = await sumsIn(bench.directory, '1d');
    expect(days[0]?.count).toBe((model.sums('1d').at(0)?.count as number) - 1);
    expect(await incompleteIn(after)).toEqual([2]);
  });

  it('of sums is made anew from readings', async () => {
    const bench = await start();
    const model = new Model('Europe/Berlin');
    await sendThreeDays(bench, model);
    await bench.telemetry.compact();
    await stopTelemetry(bench);
    for (const tier of ['1h', '1d']) {
      const [name] = ofTier(bench.directory, tier);
      truncateSync(join(folder(bench.directory), String(name)), 100);
    }
    const after = await start({ directory: bench.directory });
    after.clock.advance(60_000);
    for (const tier of ['1h', '1d'] as const) {
      const rows = async () =>
        (await after.telemetry.storage()).tiers.find((one) => one.tier === tier)?.points;
      await until(rows, model.sums(tier).length);
    }
    await expectSums(after, model);
  });

  it('is none when the journal is gone: files are listed again by what they say', async () => {
    const bench = await start();
    const model = new Model('Europe/Berlin');
    await sendThreeDays(bench, model);
    await bench.telemetry.compact();
    const names = namesIn(bench.directory);
    await stopTelemetry(bench);
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(join(bench.directory, 'telemetry', `journal.db${suffix}`), { force: true });
    }
    const after = await start({ directory: bench.directory });
    expect(namesIn(bench.directory)).toEqual(names);
    await expectAll(after, model);
    await send(after, model, noonUs - 50 * hourUs + 9, 4);
    await after.telemetry.compact();
    await expectAll(after, model);
    await expectSums(after, model);
  });

  it('of a time when its series were not kept is looked into once', async () => {
    const bench = await start();
    await store(bench.telemetry, 'plug', { ts: noonUs, power: 1 });
    await store(bench.telemetry, 'gone', { ts: noonUs, power: 2 });
    await bench.telemetry.seal();
    await stopTelemetry(bench);
    const db = openDatabase(join(bench.directory, 'telemetry', 'journal.db'));
    db.exec(`DELETE FROM extents;
      INSERT INTO former_ranges (device, file, oldest_us, newest_us, points)
        SELECT 'plug', name, oldest_us, newest_us, 1 FROM files`);
    db.close();
    const after = await start({ directory: bench.directory });
    expect(await rowsOf(after.telemetry, { deviceId: 'plug' })).toHaveLength(1);
    // Of a device that was removed before, nothing is found again.
    expect(await rowsOf(after.telemetry, { deviceId: 'gone' })).toEqual([]);
  });
});

/** How many readings there are of series of which others of the same day are gone. */
async function incompleteIn(bench: Bench): Promise<number[]> {
  await stopTelemetry(bench);
  const db = openDatabase(join(bench.directory, 'telemetry', 'journal.db'));
  const rows = db.prepare('SELECT points FROM extents WHERE complete = 0').all();
  db.close();
  return (rows as { points: number }[]).map(({ points }) => points);
}

/** Asks until the answer is `expected`; the test's own time limit ends it otherwise. */
async function until<T>(ask: () => Promise<T>, expected: T): Promise<void> {
  while ((await ask()) !== expected) await new Promise((resolve) => setImmediate(resolve));
}
