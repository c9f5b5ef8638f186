import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { runHearth } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** The first hours of the household file are kept with the tests; the whole of it is used where it is. */
const whole = path('../../../shared/data/household/minute.csv');
const file = existsSync(whole) ? whole : path('../fixtures/household-minute.csv');

interface Row {
  readonly timestamp: string;
  readonly power: number;
  readonly voltage: number;
  readonly current: number;
}

it('replays a household’s readings, and the API and `hearth query` agree with the file to the last value', {
  timeout: 60_000,
}, async () => {
  const directory = await temporaryDirectory();
  const hub = await HubProcess.start({ directory });
  onTestFinished(async () => void (await hub.end()));
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  const start = new Date(Math.floor(Date.now() / 60_000) * 60_000 - lines.length * 60_000);
  const replayed = await runHearth([
    ...['simulate', '--replay', file, '--device', 'house', '--start', start.toISOString()],
    ...['--data', directory, '--json'],
  ]);
  expect(replayed.code, replayed.errors).toBe(0);
  const expected = lines.map((line, minute): Row => {
    const [, power, voltage, current] = line.split(',');
    return {
      timestamp: new Date(start.getTime() + minute * 60_000).toISOString(),
      power: Number(power),
      voltage: Number(voltage),
      current: Number(current),
    };
  });
  const inTime = (rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, timestamp: new Date(row.timestamp).toISOString() }));

  const query = `start=${start.toISOString()}&limit=100000`;
  const { data } = (await hub.get(`/api/v1/devices/house/telemetry?${query}`)) as { data: Row[] };
  expect(inTime(data)).toEqual(expected);

  const asked = await runHearth([
    ...['query', 'house', '--start', start.toISOString(), '--limit', '100000'],
    ...['--format', 'json', '--data', directory],
  ]);
  expect(asked.code, asked.errors).toBe(0);
  expect(inTime((JSON.parse(asked.output) as { data: Row[] }).data)).toEqual(expected);

  const sums = (await hub.get(
    `/api/v1/devices/house/telemetry?${query}&interval=1h&fields=power&agg=sum,count`,
  )) as { data: { power_sum: number; power_count: number }[] };
  const sum = (of: (bucket: (typeof sums.data)[number]) => number) =>
    sums.data.reduce((total, bucket) => total + of(bucket), 0);
  expect(sum((bucket) => bucket.power_count)).toBe(expected.length);
  expect(sum((bucket) => bucket.power_sum)).toBeCloseTo(
    expected.reduce((total, { power }) => total + power, 0),
    3,
  );
});
