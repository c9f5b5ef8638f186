import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '#kernel';
import { Keyring, membersOfKind, membersOfPreset, runFleet } from '#sim';
import { temporaryDirectory } from '../support/directory.ts';
import { ThrowAwayAuthority, TlsBroker } from './tls-broker.ts';

const forever = new AbortController().signal;

async function ground(broker: TlsBroker, authority: ThrowAwayAuthority, issued: string[] = []) {
  const directory = join(await temporaryDirectory(), 'simulator');
  const keyring = new Keyring(directory, ({ id }) => {
    issued.push(id);
    return authority.issue(id);
  });
  return { directory, ground: { keyring, hub: broker.hub, clock: systemClock } };
}

it('runs a fleet at its rate and ends with everything acknowledged', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const shared = (await ground(broker, authority)).ground;
  const plan = {
    members: membersOfKind('plug', 3),
    durationMs: 400,
    ratePerSecond: 50,
    lossPercent: 0,
    seed: '1',
  };

  const shares: number[] = [];
  const summary = await runFleet(plan, shared, forever, ({ share }) => shares.push(share));

  expect(summary).toMatchObject({ devices: 3, resent: 0, reconnects: 0, refused: [] });
  expect(summary.acknowledged).toBe(summary.sent);
  expect(summary.sent).toBeLessThanOrEqual(3 * 21);
  expect(summary.sent).toBeGreaterThan(3);
  expect(summary.ack_p99_ms).toBeGreaterThanOrEqual(summary.ack_p50_ms ?? Number.NaN);
  expect(shares.at(-1)).toBe(1);
  expect(broker.readings()).toHaveLength(summary.sent);
  expect(broker.readings()[0]).toMatchObject({ relay_state: true, voltage: expect.any(Number) });
});

it('loses connections on the way and still has everything acknowledged', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const shared = (await ground(broker, authority)).ground;
  const plan = {
    members: membersOfKind('sensor', 2),
    durationMs: 1500,
    ratePerSecond: 40,
    lossPercent: 10,
    seed: '7',
  };

  const summary = await runFleet(plan, shared, forever);

  expect(summary.reconnects).toBeGreaterThan(0);
  expect(summary.acknowledged).toBe(summary.sent);
  const times = new Set(broker.published.map(({ clientId, payload }) => clientId + payload));
  const statuses = 2 * 2;
  expect(times.size).toBe(summary.sent + statuses);
});

it('keeps the keys of its devices private, uses them again and replaces refused ones', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const issued: string[] = [];
  const { directory, ground: shared } = await ground(broker, authority, issued);
  const plan = { members: membersOfKind('lock', 1), durationMs: 20, lossPercent: 0, seed: '1' };

  await runFleet(plan, shared, forever);
  await runFleet(plan, shared, forever);
  expect(issued).toEqual(['sim-lock-1']);
  expect((await stat(join(directory, 'sim-lock-1'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, 'sim-lock-1', 'device.key'))).mode & 0o777).toBe(0o600);

  broker.turnedAway.add('sim-lock-1');
  await expect(runFleet(plan, shared, forever)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(issued).toEqual(['sim-lock-1', 'sim-lock-1']);
});

it('names a device that the hub turns away in the middle of a run', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const shared = (await ground(broker, authority)).ground;
  broker.takes = ({ clientId, topic }) => {
    if (clientId !== 'sim-plug-1' || topic.endsWith('/status')) return true;
    broker.turnedAway.add(clientId);
    return false;
  };

  const summary = await runFleet(
    { members: membersOfKind('plug', 2), durationMs: 500, lossPercent: 0, seed: '1' },
    shared,
    forever,
  );

  expect(summary.refused).toEqual([expect.stringContaining('the hub refuses sim-plug-1')]);
  expect(summary).toMatchObject({ sent: 2, acknowledged: 1 });
});

it('ends early when it is told to', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const shared = (await ground(broker, authority)).ground;
  const stop = new AbortController();
  broker.takes = () => {
    stop.abort();
    return true;
  };
  const plan = { members: membersOfKind('plug', 1), durationMs: 3_600_000, lossPercent: 0 };

  const summary = await runFleet({ ...plan, seed: '1' }, shared, stop.signal);
  expect(summary.acknowledged).toBe(summary.sent);
});

it.each([
  { preset: 'home', count: 9 },
  { preset: 'office', count: 16 },
  { preset: 'factory', count: 30 },
] as const)('has $count devices in the $preset, each with an id of its own', (given) => {
  const ids = membersOfPreset(given.preset).map(({ id }) => id);
  expect(ids).toHaveLength(given.count);
  expect(new Set(ids).size).toBe(given.count);
});
