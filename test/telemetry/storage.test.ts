import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Telemetry } from '../../src/telemetry/service.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, rowsOf, send, startTelemetry, stopTelemetry, store } from './support.ts';

/** The next worker that is started; Node tells of each. */
const nextWorker = async (): Promise<Worker> => (await once(process, 'worker'))[0] as Worker;

const publishOne = (telemetry: Telemetry, payload: Buffer, packetId: number, duplicate: boolean) =>
  telemetry.acceptFrom('plug')({
    identity: { kind: 'device', name: 'plug' },
    clientId: 'plug',
    topic: 'devices/plug/telemetry',
    payload,
    qos: 1,
    retain: false,
    duplicate,
    packetId,
  });

describe('a storage worker that dies', () => {
  it('fails what was under way, is started again after a second, and has lost nothing', async () => {
    const firstWorker = nextWorker();
    const { telemetry, clock } = await startTelemetry({ directory: await temporaryDirectory() });
    const worker = await firstWorker;
    await store(telemetry, 'plug', { ts: noonUs, n: 0 });
    const exited = once(worker, 'exit');
    void worker.terminate();
    const question = telemetry.storage();
    await expect(question).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await exited;
    expect(telemetry.health().status).toBe('starting');
    // Taken in meanwhile; it waits for the new worker instead of being refused.
    const waiting = send(telemetry, 'plug', { ts: noonUs + 1, n: 1, fresh: true });
    const secondWorker = nextWorker();
    clock.advance(1000);
    await secondWorker;
    await waiting.committed;
    expect(telemetry.health()).toMatchObject({ status: 'ok', committedSeq: 2 });
    expect((await rowsOf(telemetry, { deviceId: 'plug' })).map((row) => row.n)).toEqual([0, 1]);
    expect(await telemetry.incidents()).toEqual([]);
  });
});

it('a delivery that a crash cut off counts once, whether or not it had reached the disk', async () => {
  const firstWorker = nextWorker();
  const { telemetry, clock } = await startTelemetry({ directory: await temporaryDirectory() });
  const worker = await firstWorker;
  const publish = (duplicate: boolean) =>
    publishOne(telemetry, Buffer.from('{"n":1}'), 7, duplicate);
  const first = publish(false);
  // Two turns: the batch leaves with the first, and the worker dies somewhere in the second.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const exited = once(worker, 'exit');
  void worker.terminate();
  await exited;
  await first?.catch(() => {});
  await expect(publish(true)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  const secondWorker = nextWorker();
  clock.advance(1000);
  await once(await secondWorker, 'message');
  await publish(true);
  expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(1);
});

describe('a full disk', () => {
  it('refuses batches, keeps what it has, and takes new ones when there is room again', async () => {
    const directory = await temporaryDirectory();
    const tight = await startTelemetry({
      directory,
      journalBytes: 400_000,
      config: { 'limits.messages_per_second': 1e6 },
    });
    const batch = (first: number) =>
      Array.from({ length: 1000 }, (_, n) => ({ ts: noonUs + first + n, n: first + n }));
    let acknowledged = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await send(tight.telemetry, 'plug', batch(acknowledged)).committed;
        acknowledged += 1000;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'storage_full', retryable: true });
    expect(acknowledged).toBeGreaterThan(1000);
    expect(tight.telemetry.health().status).toBe('failing');
    // Sealing makes room in the journal, as deleting something does on a disk.
    await tight.telemetry.seal();
    await store(tight.telemetry, 'plug', batch(acknowledged));
    acknowledged += 1000;
    expect(tight.telemetry.health().status).toBe('ok');
    const numbers = (await rowsOf(tight.telemetry, { deviceId: 'plug' })).map((row) => row.n);
    expect(numbers).toEqual(Array.from({ length: acknowledged }, (_, n) => n));
    await stopTelemetry(tight);
  });

  it('forgets a delivery that did not reach it, so that the next attempt counts', async () => {
    const directory = await temporaryDirectory();
    const { telemetry } = await startTelemetry({
      directory,
      journalBytes: 400_000,
      config: { 'limits.messages_per_second': 1e6, 'limits.packet_bytes': 1e6 },
    });
    const many = Buffer.from(
      JSON.stringify(Array.from({ length: 1000 }, (_, n) => ({ a: n, b: n }))),
    );
    const publish = (packetId: number, duplicate: boolean) =>
      publishOne(telemetry, many, packetId, duplicate);
    let packetId = 0;
    const fill = async (): Promise<void> => {
      for (;;) await publish(++packetId, false);
    };
    await expect(fill()).rejects.toMatchObject({ code: 'storage_full' });
    await telemetry.seal();
    await publish(packetId, true);
    const { points } = await telemetry.storage();
    expect(points).toBe(packetId * 2000);
  });
});

it('a stop brings everything taken in to disk', async () => {
  const directory = await temporaryDirectory();
  const bench = await startTelemetry({ directory });
  const receipt = send(bench.telemetry, 'plug', { n: 1 });
  await stopTelemetry(bench);
  await receipt.committed;
  const after = await startTelemetry({ directory });
  expect(await rowsOf(after.telemetry, { deviceId: 'plug' })).toHaveLength(1);
});
