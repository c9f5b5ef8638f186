import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import {
  ack,
  connect,
  eventually,
  ping,
  publish,
  RawClient,
  startBroker,
  subscribe,
} from './harness.ts';

async function subscriber(port: number, qos: number, clientId: string, clean = true) {
  const client = await RawClient.connected(port, { clientId, clean });
  client.send(subscribe(1, ['t', qos]));
  await client.packet();
  return client;
}

describe('bounds', () => {
  it('on connections: one too many is closed, and its place is free again later', async () => {
    const { port, broker } = await startBroker({ limits: { connections: 2 } });
    const first = await RawClient.connected(port, { clientId: 'a' });
    await RawClient.connected(port, { clientId: 'b' });
    const third = await RawClient.open(port);
    await third.closed();
    expect(broker.stats().connectsOverLimit).toBe(1);
    first.socket.destroy();
    await eventually(() => broker.stats().connections === 1);
    await RawClient.connected(port, { clientId: 'd' });
  });

  it('on the rate of connects: those beyond it wait for their turn', async () => {
    const clock = new ManualClock(0);
    const { port, broker } = await startBroker({ clock, limits: { connectsPerSecond: 2 } });
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(port)));
    for (const [i, client] of clients.entries()) client.send(connect({ clientId: `${i}` }));
    await eventually(() => broker.stats().handshakes === 2 && broker.stats().connections === 2);
    clock.advance(500);
    await eventually(() => broker.stats().connections === 3);
    clock.advance(500);
    await Promise.all(clients.map((client) => client.take(4)));
  });

  it('on the size of a packet, before it has arrived', async () => {
    const { port } = await startBroker({ limits: { packetBytes: 100 } });
    const client = await RawClient.connected(port);
    client.send(publish('t', 'x'.repeat(97), { qos: 0 }), ping);
    await client.packet();
    client.send(Buffer.from([0x30, 101]));
    await client.closed();
  });

  it('on subscriptions: the next one is refused with 0x80', async () => {
    const { port } = await startBroker({ limits: { subscriptions: 2 } });
    const client = await RawClient.connected(port);
    client.send(subscribe(1, ['a', 0], ['b', 0], ['c', 0], ['a', 1]));
    expect((await client.packet()).subarray(4).toString('hex')).toBe('010080');
    client.send(subscribe(2, ['b', 1]), subscribe(3, ['d', 0]));
    expect((await client.packet()).subarray(4).toString('hex')).toBe('01');
    expect((await client.packet()).subarray(4).toString('hex')).toBe('80');
  });

  it('on unacknowledged messages: the next is sent when one is acknowledged', async () => {
    const { port, broker } = await startBroker({ limits: { inflight: 2 } });
    const client = await subscriber(port, 1, 'reader');
    for (let i = 0; i < 4; i++) await broker.publish({ topic: 't', payload: `${i}`, qos: 1 });
    const first = await client.packet();
    await client.packet();
    client.send(ping);
    expect((await client.packet()).toString('hex')).toBe('d000');
    expect(broker.stats().inflight).toBe(2);
    client.send(ack('40', first.readUInt16BE(5)));
    expect((await client.packet()).subarray(7).toString()).toBe('2');
  });

  it('on messages that wait for a connected client: the oldest go', async () => {
    const { port, broker } = await startBroker({ limits: { inflight: 1, queued: 2 } });
    const client = await subscriber(port, 1, 'reader');
    for (let i = 0; i < 6; i++) await broker.publish({ topic: 't', payload: `${i}`, qos: 1 });
    const payloads: string[] = [];
    for (let i = 0; i < 3; i++) {
      const packet = await client.packet();
      payloads.push(packet.subarray(7).toString());
      client.send(ack('40', packet.readUInt16BE(5)));
    }
    expect(payloads).toEqual(['0', '4', '5']);
    expect(broker.stats().dropped.waitingFull).toBe(3);
  });

  it('on messages kept for a client that is away: the oldest go', async () => {
    const { port, broker, directory } = await startBroker({ limits: { queued: 3 } });
    const client = await subscriber(port, 1, 'away', false);
    client.socket.destroy();
    await client.closed();
    for (let i = 0; i < 5; i++) await broker.publish({ topic: 't', payload: `${i}`, qos: 1 });
    expect(broker.stats().dropped.queueFull).toBe(2);
    await broker.stop();
    // A bound that is lowered holds from the next start on.
    const next = await startBroker({ directory, limits: { queued: 2 } });
    const again = await RawClient.connected(next.port, { clientId: 'away', clean: false });
    expect((await again.packet()).subarray(7).toString()).toBe('3');
    expect((await again.packet()).subarray(7).toString()).toBe('4');
  });

  it('on retained messages: new topics are not kept, known ones are', async () => {
    const { port, broker, directory } = await startBroker({ limits: { retained: 2 } });
    const client = await RawClient.connected(port);
    client.send(
      publish('a', '1', { retain: true }),
      publish('b', '1', { retain: true }),
      publish('c', '1', { retain: true }),
      publish('a', '2', { retain: true }),
      ping,
    );
    await client.packet();
    await eventually(
      () => broker.stats().dropped.retainedFull === 1 && broker.stats().pending === 0,
    );
    expect(broker.stats().retained).toBe(2);
    await broker.stop();
    const next = await startBroker({ directory, limits: { retained: 1 } });
    expect(next.broker.stats().retained).toBe(1);
  });

  it('on stored sessions: those that were away longest go', async () => {
    const clock = new ManualClock(1000);
    const { port, broker } = await startBroker({ clock, limits: { connections: 3 } });
    for (const clientId of ['a', 'b', 'c', 'd']) {
      const client = await RawClient.connected(port, { clientId, clean: false });
      client.socket.destroy();
      await eventually(() => broker.stats().connections === 0);
      clock.advance(1000);
    }
    expect(broker.stats().sessions).toBe(3);
    const present = async (clientId: string) => {
      const client = await RawClient.open(port);
      client.send(connect({ clientId, clean: false }));
      return (await client.take(4)) === '20020100';
    };
    expect([await present('b'), await present('a')]).toEqual([true, false]);
  });
});

it('bounds the stored sessions of one identity by themselves', async () => {
  const { port, broker } = await startBroker();
  await RawClient.connected(port, { clientId: 'other', username: 'b', clean: false });
  for (let i = 0; i < 20; i++) {
    const client = await RawClient.connected(port, {
      clientId: `${i}`,
      username: 'a',
      clean: false,
    });
    client.socket.destroy();
    await eventually(() => broker.stats().connections === 1);
  }
  expect(broker.stats().sessions).toBe(17);
});

describe('a frozen subscriber', () => {
  it('stalls nobody: others get everything, its QoS 0 messages are dropped and it is let go', async () => {
    const clock = new ManualClock(0);
    const { port, broker } = await startBroker({ clock });
    const frozen = await subscriber(port, 0, 'frozen');
    frozen.socket.pause();
    const healthy = await subscriber(port, 0, 'healthy');
    const payload = 'x'.repeat(50_000);
    const rounds = 400;
    for (let i = 0; i < rounds; i++) {
      await broker.publish({ topic: 't', payload });
      await healthy.packet();
    }
    expect(broker.stats().dropped.slowSubscriber).toBeGreaterThan(0);
    expect(broker.stats().connections).toBe(2);
    clock.advance(20_000);
    await eventually(() => broker.stats().connections === 1);
    expect(broker.stats().stalled).toBe(1);
  });

  it('with QoS 1 loses its oldest messages beyond the bound, and holds up no PUBACK', async () => {
    const { port, broker } = await startBroker({ limits: { inflight: 10, queued: 20 } });
    const frozen = await subscriber(port, 1, 'frozen');
    frozen.socket.pause();
    const writer = await RawClient.connected(port, { clientId: 'writer' });
    const payload = 'x'.repeat(50_000);
    for (let id = 1; id <= 100; id++) {
      writer.send(publish('t', payload, { qos: 1, id }));
      expect(await writer.packet()).toEqual(ack('40', id));
    }
    await eventually(() => broker.stats().dropped.waitingFull === 70);
  });
});
