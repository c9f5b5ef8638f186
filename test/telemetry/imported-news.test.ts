import { expect, it } from 'vitest';
import { PointBuffer } from '../../src/telemetry/points.ts';
import type { Sample } from '../../src/telemetry/types.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, rowsOf, startTelemetry, stopTelemetry, store } from './support.ts';

it('imported readings are told to nobody, neither when they come nor after a restart', async () => {
  const directory = await temporaryDirectory();
  const bench = await startTelemetry({ directory });
  const told: Sample[] = [];
  bench.telemetry.onSample.listen((samples) => told.push(...samples));
  await store(bench.telemetry, 'a', { power: 1, timestamp: noonUs - 60e6 });
  const points = new PointBuffer(4);
  points.add(0, noonUs - 1e6, 2, 0);
  points.add(1, noonUs - 2e6, 'x', 0);
  const series = ['power', 'other'].map((metric) => ({ deviceId: 'a', metric }));
  await (await bench.telemetry.importPoints(points.points, series)).committed;
  await new Promise(setImmediate);
  expect(told.map(({ values }) => values)).toEqual([{ power: 1 }]);
  await stopTelemetry(bench);
  const again = await startTelemetry({ directory });
  expect(again.telemetry.newest().map(({ values }) => values)).toEqual([{ power: 1 }]);
  expect(await rowsOf(again.telemetry, { deviceId: 'a' })).toHaveLength(3);
});
