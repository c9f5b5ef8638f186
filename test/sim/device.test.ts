import { expect, it } from 'vitest';
import { systemClock } from '#kernel';
import { SimulatedDevice } from '../../src/sim/device.ts';
import { seededRandom } from '../../src/sim/random.ts';
import { ThrowAwayAuthority, TlsBroker } from './tls-broker.ts';

async function deviceAt(broker: TlsBroker, authority: ThrowAwayAuthority, window = 10) {
  return new SimulatedDevice({
    id: 'sim-plug-1',
    credentials: await authority.issue('sim-plug-1'),
    hub: broker.hub,
    clock: systemClock,
    random: seededRandom('test'),
    window,
  });
}

it('shows its certificate, says it is online, and counts what is acknowledged', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const device = await deviceAt(broker, authority);

  await device.connect();
  for (let power = 1; power <= 25; power++) await device.publish(JSON.stringify({ power }));
  await device.drained();
  await device.close();

  expect(broker.readings().map(({ power }) => power)).toEqual(
    Array.from({ length: 25 }, (_, index) => index + 1),
  );
  expect(device.counts).toEqual({ sent: 25, acknowledged: 25, resent: 0, reconnects: 0 });
  expect(broker.published.filter(({ topic }) => topic === 'devices/sim-plug-1/status')).toEqual([
    { clientId: 'sim-plug-1', topic: 'devices/sim-plug-1/status', payload: '{"status":"online"}' },
    { clientId: 'sim-plug-1', topic: 'devices/sim-plug-1/status', payload: '{"status":"offline"}' },
  ]);
});

it('sends again after a reconnect what was never acknowledged, in order', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const device = await deviceAt(broker, authority);
  let refusals = 2;
  broker.takes = ({ topic }) => topic.endsWith('/status') || refusals-- <= 0;

  await device.connect();
  for (const power of [1, 2, 3]) await device.publish(JSON.stringify({ power }));
  await device.drained();
  await device.close();

  expect(broker.readings()).toEqual([{ power: 1 }, { power: 2 }, { power: 3 }]);
  expect(device.counts).toMatchObject({ sent: 3, acknowledged: 3, reconnects: 2 });
  expect(device.counts.resent).toBeGreaterThanOrEqual(2);
});

it('never has more than its window under way', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const device = await deviceAt(broker, authority, 2);
  await device.connect();

  for (let i = 0; i < 20; i++) {
    await device.publish('{}');
    expect(device.unacknowledged).toBeLessThan(2);
  }
  await device.close();
});

it('gives up at once on a hub that refuses it', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  broker.turnedAway.add('sim-plug-1');
  const device = await deviceAt(broker, authority);

  await expect(device.connect()).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining('the hub refuses sim-plug-1'),
  });
});

it.each([
  // Node's TLS server closes on a stranger without a word, so that is all a device can tell.
  { what: 'its certificate', code: 'unavailable', own: 'certificatePem' },
  { what: 'the hub', code: 'unauthenticated', own: 'caPem' },
] as const)('does not connect when $what is of another authority', async ({ code, own }) => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const stranger = await (await ThrowAwayAuthority.make()).issue('sim-plug-1');
  const local = await authority.issue('sim-plug-1');
  const device = new SimulatedDevice({
    id: 'sim-plug-1',
    credentials:
      own === 'caPem' ? { ...local, caPem: stranger.caPem } : { ...stranger, caPem: local.caPem },
    hub: broker.hub,
    clock: systemClock,
    random: seededRandom('test'),
  });

  await expect(device.connect()).rejects.toMatchObject({ code });
  expect(broker.published).toEqual([]);
});

it('stops trying, and tells whoever waits, when it is turned away for good', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const device = await deviceAt(broker, authority);
  await device.connect();

  broker.turnedAway.add('sim-plug-1');
  broker.takes = () => false;
  const waiting = device.publish('{}').then(() => device.drained());
  await expect(waiting).rejects.toMatchObject({ code: 'unauthenticated' });
  await device.close();
});
