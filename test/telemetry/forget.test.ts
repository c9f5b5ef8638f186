import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, rowsOf, send, startTelemetry, stopTelemetry, store } from './support.ts';

const numbers = async (bench: Awaited<ReturnType<typeof startTelemetry>>) =>
  (await rowsOf(bench.telemetry, { deviceId: 'plug' })).map((row) => row.n);

describe('a removed device', () => {
  it('leaves nothing to be found, in files, in the journal and after a restart', async () => {
    const directory = await temporaryDirectory();
    const bench = await startTelemetry({ directory });
    await store(bench.telemetry, 'plug', { ts: noonUs, n: 1 });
    await store(bench.telemetry, 'other', { ts: noonUs, n: 1 });
    await bench.telemetry.seal();
    await store(bench.telemetry, 'plug', { ts: noonUs + 1, n: 2 });
    await bench.telemetry.forget('plug');
    expect(await numbers(bench)).toEqual([]);
    expect(bench.telemetry.columnsOf({ deviceId: 'plug', startUs: 0, endUs: 1 })).toEqual([]);
    await stopTelemetry(bench);
    const after = await startTelemetry({ directory });
    expect(await numbers(after)).toEqual([]);
    expect(after.telemetry.newest()).toEqual([]);
    await after.telemetry.seal();
    expect(await numbers(after)).toEqual([]);
    expect(await rowsOf(after.telemetry, { deviceId: 'other' })).toHaveLength(1);
    expect(await after.telemetry.incidents()).toEqual([]);
    expect(await after.telemetry.storage()).toMatchObject({ journalBatches: 0, tailPoints: 0 });
  });

  it.each([
    ['once it is gone', true],
    ['while its last reading is under way', false],
  ])('is not mixed up with a new one of its name, made %s', async (_, waits) => {
    const directory = await temporaryDirectory();
    const bench = await startTelemetry({ directory });
    for (let part = 0; part < 10; part++) {
      const names = Array.from({ length: 50 }, (_, n) => [`m${part}_${n}`, n]);
      await store(bench.telemetry, 'plug', Object.fromEntries(names));
    }
    const last = send(bench.telemetry, 'plug', { ts: noonUs, m0_0: 1 });
    if (waits) await last.committed;
    const gone = bench.telemetry.forget('plug');
    if (waits) await gone;
    await store(bench.telemetry, 'plug', { ts: noonUs, n: 3, m0_0: 4 });
    const expected = [{ timestamp: '2026-01-31T12:00:00.000Z', m0_0: 4, n: 3 }];
    const rows = (one: typeof bench) => rowsOf(one.telemetry, { deviceId: 'plug' });
    expect(await rows(bench)).toEqual(expected);
    await stopTelemetry(bench);
    const after = await startTelemetry({ directory });
    expect(await rows(after)).toEqual(expected);
    await after.telemetry.seal();
    expect(await rows(after)).toEqual(expected);
    expect(await after.telemetry.incidents()).toEqual([]);
  });

  it('is forgotten all the same when storage is being started again', async () => {
    const firstWorker = once(process, 'worker');
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    const [worker] = (await firstWorker) as [Worker];
    await store(bench.telemetry, 'plug', { ts: noonUs, n: 1 });
    const exited = once(worker, 'exit');
    void worker.terminate();
    await exited;
    await bench.telemetry.forget('plug');
    const fresh = send(bench.telemetry, 'plug', { ts: noonUs + 1, n: 2 });
    bench.clock.advance(1000);
    await fresh.committed;
    expect(await numbers(bench)).toEqual([2]);
  });
});
