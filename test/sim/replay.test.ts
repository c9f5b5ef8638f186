import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '#kernel';
import { Keyring, runReplay } from '#sim';
import { shiftMs } from '../../src/sim/replay.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { ThrowAwayAuthority, TlsBroker } from './tls-broker.ts';

const fixture = join(import.meta.dirname, '../fixtures/household-minute.csv');
const forever = new AbortController().signal;
const member = { id: 'sim-household', name: 'Household', profile: 'plug' } as const;

async function start() {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const keyring = new Keyring(await temporaryDirectory(), ({ id }) => authority.issue(id));
  return { broker, ground: { keyring, hub: broker.hub, clock: systemClock } };
}

it('sends every row of the household file, shifted to where it is told to begin', async () => {
  const { broker, ground } = await start();
  const startMs = Date.UTC(2026, 0, 10, 12);
  const plan = { file: fixture, member, startMs, mostPerSecond: 1e6, seed: '1' };

  const summary = await runReplay(plan, ground, forever);

  const rows = (await readFile(fixture, 'utf8')).trim().split('\n').slice(1);
  expect(summary).toMatchObject({ devices: 1, sent: 200, acknowledged: 200, resent: 0 });
  expect(broker.readings()).toEqual(
    rows.map((row, minute) => {
      const [, power, voltage, current] = row.split(',');
      return {
        timestamp: new Date(startMs + minute * 60_000).toISOString(),
        power: Number(power),
        voltage: Number(voltage),
        current: Number(current),
      };
    }),
  );
});

it('has everything acknowledged when the network fails on the way', async () => {
  const { broker, ground } = await start();
  const accidents = new Set([20, 90, 200]);
  let count = 0;
  broker.takes = () => !accidents.has(++count);

  const plan = { file: fixture, member, mostPerSecond: 1e6, seed: '1' };
  const summary = await runReplay(plan, ground, forever);

  expect(summary).toMatchObject({ sent: 200, acknowledged: 200 });
  expect(summary.reconnects).toBeGreaterThan(0);
  expect(new Set(broker.readings().map(({ timestamp }) => timestamp)).size).toBe(200);
});

it('goes no faster than the hub takes from one device', async () => {
  const { ground } = await start();
  const plan = { file: fixture, member, mostPerSecond: 500, seed: '1' };
  expect((await runReplay(plan, ground, forever)).seconds).toBeGreaterThanOrEqual(199 / 500);
});

it('says which line of a file is at fault', async () => {
  const { ground } = await start();
  const file = join(await temporaryDirectory(), 'broken.csv');
  await writeFile(file, 'timestamp,power\n2026-01-01T00:00:00,1\n2026-01-01T00:01:00\n');
  const plan = { file, member, mostPerSecond: 500, seed: '1' };
  await expect(runReplay(plan, ground, forever)).rejects.toMatchObject({
    code: 'unprocessable',
    message: `${file}, line 3: has 1 cells where the header has 2`,
  });
});

it.each([
  { what: 'ends the recording now', nowMs: 1000, startMs: undefined, shift: 100 },
  { what: 'begins it where it is told', nowMs: 1000, startMs: 50, shift: -450 },
])('$what', ({ nowMs, startMs, shift }) => {
  expect(shiftMs({ firstMs: 500, lastMs: 900 }, nowMs, startMs)).toBe(shift);
});
