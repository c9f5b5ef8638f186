import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, rowsOf, secondUs, startTelemetry, store } from './support.ts';

const household = join(import.meta.dirname, '../fixtures/household-minute.csv');

const sealedFiles = (directory: string): string[] => {
  const folder = join(directory, 'telemetry', 'raw');
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
};

const readParquet = async (path: string) =>
  parquetReadObjects({ file: await asyncBufferFromFile(path), compressors });

describe('a sealed file', () => {
  it('is plain Parquet: sorted, each time once with its last value, readable without DuckDB', async () => {
    const { telemetry, directory } = await startTelemetry({
      directory: await temporaryDirectory(),
    });
    await store(telemetry, 'plug-2', { ts: noonUs - secondUs + 7, power: 1.5, on: true });
    await store(telemetry, 'plug-1', { ts: noonUs - secondUs, mode: 'eco' });
    await store(telemetry, 'plug-2', { ts: noonUs - 2 * secondUs, power: 1 });
    await store(telemetry, 'plug-2', { ts: noonUs - secondUs + 7, power: 2.5 });
    await store(telemetry, 'plug-1', { power: 9 });
    await telemetry.seal();
    const [file, ...others] = sealedFiles(directory);
    expect(others).toEqual([]);
    expect(await readParquet(String(file))).toEqual([
      row('plug-1', 'mode', '2026-01-31T11:59:59.000Z', null, 'eco', 2, 0),
      row('plug-1', 'power', '2026-01-31T12:00:00.000Z', 9, null, 0, 1),
      row('plug-2', 'on', '2026-01-31T11:59:59.000Z', 1, null, 1, 0),
      row('plug-2', 'power', '2026-01-31T11:59:58.000Z', 1, null, 0, 0),
      row('plug-2', 'power', '2026-01-31T11:59:59.000Z', 2.5, null, 0, 0),
    ]);
  });

  it('holds a real house to the last value', async () => {
    const { telemetry, directory } = await startTelemetry({
      directory: await temporaryDirectory(),
      config: { 'limits.messages_per_second': 1e6 },
    });
    const [, ...lines] = readFileSync(household, 'utf8').trim().split('\n');
    const startUs = noonUs - lines.length * 60 * secondUs;
    const sent = lines.map((line, minute) => {
      const [, power, voltage, current] = line.split(',').map(Number);
      return { ts: startUs + minute * 60 * secondUs, power, voltage, current };
    });
    for (let at = 0; at < sent.length; at += 1000) {
      await store(telemetry, 'house', sent.slice(at, at + 1000));
    }
    await telemetry.seal();
    const [file] = sealedFiles(directory);
    const read = await readParquet(String(file));
    for (const metric of ['power', 'voltage', 'current'] as const) {
      const values = read.filter((one) => one.metric === metric).map((one) => one.value);
      expect(values).toEqual(sent.map((one) => one[metric]));
    }
    const rows = await rowsOf(telemetry, { deviceId: 'house', startUs });
    expect(
      rows.map(({ timestamp, ...values }) => ({ ts: Date.parse(timestamp) * 1000, ...values })),
    ).toEqual(sent);
  });

  it('is made when there are enough readings, while more come in', async () => {
    const { telemetry } = await startTelemetry({
      directory: await temporaryDirectory(),
      config: { 'telemetry.seal_points': 100, 'limits.messages_per_second': 1e6 },
    });
    for (let n = 0; n < 50; n++) {
      await store(
        telemetry,
        'plug',
        Array.from({ length: 10 }, (_, i) => ({ ts: noonUs + n * 10 + i, n })),
      );
    }
    await telemetry.seal();
    const { files, tailPoints, points, journalBatches } = await telemetry.storage();
    expect(files).toBeGreaterThan(1);
    expect({ tailPoints, points, journalBatches }).toEqual({
      tailPoints: 0,
      points: 500,
      journalBatches: 0,
    });
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(500);
  });

  it('is made when the readings are old enough', async () => {
    const { telemetry, clock } = await startTelemetry({
      directory: await temporaryDirectory(),
      config: { 'telemetry.seal_minutes': 60 },
    });
    await store(telemetry, 'plug', { n: 1 });
    const files = async () => (await telemetry.storage()).files;
    clock.advance(59 * 60_000);
    expect(await files()).toBe(0);
    clock.advance(2 * 60_000);
    expect(await until(files, 1)).toBe(1);
  });
});

function row(
  device: string,
  metric: string,
  time: string,
  value: number | null,
  text: string | null,
  kind: number,
  flags: number,
) {
  return { device, metric, time: new Date(time), value, text, kind, flags };
}

/** Asks until the answer is `expected`; the test's own time limit ends it otherwise. */
async function until<T>(ask: () => Promise<T>, expected: T): Promise<T> {
  let answer = await ask();
  while (answer !== expected) answer = await ask();
  return answer;
}
