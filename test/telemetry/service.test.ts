import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/telemetry/types.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, rowsOf, send, startTelemetry, stopTelemetry, store } from './support.ts';

describe('a reading', () => {
  it('is on disk when its promise resolves, and in the next answer', async () => {
    const { telemetry } = await startTelemetry({ directory: await temporaryDirectory() });
    const receipt = send(telemetry, 'plug', { power: 60.5, relay: true, mode: 'eco' });
    expect(receipt).toMatchObject({ accepted: 1, rejected: [] });
    expect(telemetry.health().committedSeq).toBe(0);
    await receipt.committed;
    expect(telemetry.health().committedSeq).toBe(1);
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toEqual([
      { timestamp: '2026-01-31T12:00:00.000Z', power: 60.5, relay: true, mode: 'eco' },
    ]);
  });

  it('shares one commit with everything else of its turn', async () => {
    const { telemetry } = await startTelemetry({ directory: await temporaryDirectory() });
    const receipts = Array.from({ length: 100 }, (_, n) => send(telemetry, `plug-${n}`, { n }));
    expect(new Set(receipts.map((receipt) => receipt.committed)).size).toBe(1);
    await receipts[0]?.committed;
    expect(telemetry.health().committedSeq).toBe(1);
  });

  it('is told to listeners after the commit, and not before', async () => {
    const { telemetry } = await startTelemetry({ directory: await temporaryDirectory() });
    const heard: Sample[] = [];
    telemetry.onSample.listen((samples) => heard.push(...samples));
    const receipt = send(telemetry, 'plug', { power: 1, ts: noonUs / 1000 - 500 });
    expect(heard).toEqual([]);
    await receipt.committed;
    await telemetry.storage();
    expect(heard).toEqual([
      {
        deviceId: 'plug',
        timeUs: noonUs - 500_000,
        receivedUs: noonUs,
        stamped: false,
        values: { power: 1 },
      },
    ]);
  });

  it('survives a stop and a start, sealed or not', async () => {
    const directory = await temporaryDirectory();
    const first = await startTelemetry({ directory });
    await store(first.telemetry, 'plug', { power: 1, time: '2026-01-31T11:00:00Z' });
    await first.telemetry.seal();
    await store(first.telemetry, 'plug', { power: 2, time: '2026-01-31T11:30:00Z' });
    await stopTelemetry(first);
    const second = await startTelemetry({ directory });
    expect(await rowsOf(second.telemetry, { deviceId: 'plug' })).toEqual([
      { timestamp: '2026-01-31T11:00:00.000Z', power: 1 },
      { timestamp: '2026-01-31T11:30:00.000Z', power: 2 },
    ]);
    expect(await second.telemetry.incidents()).toEqual([]);
    expect(await second.telemetry.storage()).toMatchObject({ files: 1, tailPoints: 1, points: 2 });
  });

  it('is among the newest values that a start finds in the journal, one for each metric', async () => {
    const directory = await temporaryDirectory();
    const first = await startTelemetry({ directory });
    await store(first.telemetry, 'plug', { ts: noonUs, power: 1, mode: 'eco' });
    await store(first.telemetry, 'plug', { ts: noonUs + 2, power: 3 });
    await store(first.telemetry, 'plug', { ts: noonUs + 1, power: 2, on: true });
    await stopTelemetry(first);
    const { telemetry } = await startTelemetry({ directory });
    const common = { deviceId: 'plug', receivedUs: expect.any(Number), stamped: false };
    expect(telemetry.newest()).toEqual([
      { ...common, timeUs: noonUs, values: { mode: 'eco' } },
      { ...common, timeUs: noonUs + 1, values: { on: true } },
      { ...common, timeUs: noonUs + 2, values: { power: 3 } },
    ]);
  });
});
