import { mkdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PointBuffer, type Points, pointsIn } from '../../src/telemetry/points.ts';
import { Engine } from '../../src/telemetry/worker/engine.ts';
import { Files } from '../../src/telemetry/worker/files.ts';
import type { JournalBatch } from '../../src/telemetry/worker/journal.ts';
import { writeSealedFile } from '../../src/telemetry/worker/seal.ts';
import { SeriesNames } from '../../src/telemetry/worker/series-names.ts';
import { Generation } from '../../src/telemetry/worker/tail.ts';
import { temporaryDirectory } from '../support/directory.ts';

function points(count: number, firstUs: number): Points {
  const buffer = new PointBuffer(count);
  for (let n = 0; n < count; n++) buffer.add(1, firstUs + n, Math.sin(firstUs + n), 0);
  return pointsIn(buffer.buffer, buffer.capacity, buffer.count, buffer.texts);
}

async function startEngine(): Promise<Engine> {
  const engine = new Engine(await temporaryDirectory(), 64);
  await engine.open();
  onTestFinished(() => engine.close());
  return engine;
}

describe('a generation whose table did not take readings in', () => {
  it('makes the table anew from the journal, with nothing missing and nothing twice', async () => {
    const engine = await startEngine();
    const batches: JournalBatch[] = [];
    const journal = { batches: () => batches };
    const generation = new Generation(1, 0);
    const add = (seq: number): void => {
      const body = { points: points(5_000, seq * 10_000), deliveries: new Float64Array() };
      batches.push({ seq, receivedUs: seq, body });
      generation.add(seq, seq, body.points);
    };
    await engine.turn(async (connection) => {
      add(1);
      await generation.catchUp(connection, journal);
      await connection.run(`DROP TABLE ${generation.table}`);
      add(2);
      await expect(generation.catchUp(connection, journal)).rejects.toThrow();
      add(3);
      await generation.catchUp(connection, journal);
      const result = await connection.run(
        `SELECT count(*), count(DISTINCT time_us), max(time_us) FROM ${generation.table}`,
      );
      expect(await result.getRows()).toEqual([[15_000n, 15_000n, 34_999n]]);
    });
  });

  it('is not sealed, because its batches would leave the journal', async () => {
    const engine = await startEngine();
    const files = new Files(await temporaryDirectory());
    files.make();
    const names = new SeriesNames();
    names.add({ id: 1, device: 'plug', metric: 'n' });
    const generation = new Generation(1, 0);
    generation.add(1, 0, points(10, 0));
    await engine.turn(async (connection) => {
      await generation.catchUp(connection, { batches: () => [] });
      await connection.run(`DELETE FROM ${generation.table} WHERE time_us = 3`);
      await expect(
        writeSealedFile(connection, generation, { files, names, reach: () => {} }),
      ).rejects.toThrow('tail_1 holds 9 of 10 readings');
    });
    expect(files.present()).toEqual([]);
  });
});

it('a file that cannot be read is damaged, whatever the disk says of it', async () => {
  const files = new Files(await temporaryDirectory());
  files.make();
  const name = '000000000001-000000000001.parquet';
  // Reading a directory fails with an I/O error of its own (EISDIR).
  mkdirSync(files.pathOf(name));
  const bytes = files.size(name);
  const tier = { tier: 'sealed' as const, fromUs: null, untilUs: null };
  const entry = { name, bytes, firstSeq: 1, lastSeq: 1, checksum: 0, points: 1, ...tier };
  const times = { oldestUs: 0, newestUs: 0, receivedUs: 0 };
  expect(files.damage({ ...entry, ...times })).toMatch(/^cannot be read \(EISDIR/);
});
