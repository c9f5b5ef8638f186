import { describe, expect, it } from 'vitest';
import {
  ack,
  connect,
  eventually,
  ping,
  publish,
  RawClient,
  readPublish,
  startBroker,
  subscribe,
  unsubscribe,
} from './harness.ts';

async function subscriber(
  port: number,
  filter: string,
  qos: number,
  clientId = 'reader',
  clean = true,
) {
  const client = await RawClient.connected(port, { clientId, clean });
  client.send(subscribe(1, [filter, qos]));
  await client.packet();
  return client;
}

/** Nothing but the answer to a ping comes. */
async function expectNothing(client: RawClient) {
  client.send(ping);
  expect((await client.packet()).toString('hex')).toBe('d000');
}

describe('delivery', () => {
  it('does not carry an earlier message to a later subscription in the same segment', async () => {
    const { port } = await startBroker();
    const client = await RawClient.connected(port);
    client.send(
      publish('t', 'before', { qos: 1, id: 1 }),
      subscribe(2, ['t', 0]),
      publish('t', 'after', { qos: 1, id: 3 }),
    );
    expect(await client.packet()).toEqual(ack('40', 1));
    expect((await client.packet()).toString('hex')).toBe('9003000200');
    const rest = [await client.packet(), await client.packet()].map((packet) =>
      packet.toString('hex'),
    );
    expect(rest.sort()).toEqual(
      [publish('t', 'after'), ack('40', 3)].map((p) => p.toString('hex')).sort(),
    );
    await expectNothing(client);
  });

  it('does not deliver a message twice when PUBLISH (retained) and SUBSCRIBE share a segment', async () => {
    const { port } = await startBroker();
    const client = await RawClient.connected(port);
    client.send(publish('t', 'x', { qos: 1, id: 1, retain: true }), subscribe(2, ['t', 0]));
    expect(await client.packet()).toEqual(ack('40', 1));
    expect((await client.packet()).toString('hex')).toBe('9003000200');
    expect(await client.packet()).toEqual(publish('t', 'x', { retain: true }));
    await expectNothing(client);
  });

  it('ends with UNSUBSCRIBE in the order of the segment [MQTT-3.10.4-2]', async () => {
    const { port } = await startBroker();
    const client = await subscriber(port, 't', 0);
    client.send(publish('t', 'before'), unsubscribe(2, 't'), publish('t', 'after'));
    expect(await client.packet()).toEqual(publish('t', 'before'));
    expect((await client.packet()).toString('hex')).toBe('b0020002');
    await expectNothing(client);
  });

  it.each([
    // message, subscription (a wildcard one), delivered [MQTT-3.8.4-6]
    [2, 2, 2],
    [2, 1, 1],
    [2, 0, 0],
    [1, 2, 1],
    [1, 0, 0],
    [0, 2, 0],
  ] as const)(
    'of QoS %i to a subscription of QoS %i has QoS %i',
    async (sent, granted, delivered) => {
      const { port, broker } = await startBroker();
      for (const clean of [true, false]) {
        const client = await subscriber(port, 't/+', granted, `reader-${clean}`, clean);
        await broker.publish({ topic: `t/${clean}`, payload: 'x', qos: sent });
        expect(readPublish(await client.packet())).toMatchObject({ qos: delivered, payload: 'x' });
        await broker.publish({ topic: `t/r`, payload: 'kept', qos: sent, retain: true });
        await client.packet();
        client.send(subscribe(2, ['t/+', granted]));
        await client.packet();
        expect(readPublish(await client.packet())).toMatchObject({ qos: delivered, retain: true });
        await broker.publish({ topic: `t/r`, payload: '', retain: true });
      }
    },
  );

  it('happens once for overlapping filters, with the highest QoS of them [MQTT-3.3.5-1]', async () => {
    const { port, broker } = await startBroker();
    const client = await RawClient.connected(port);
    client.send(subscribe(1, ['a/#', 0], ['a/b', 1], ['+/b', 0]));
    await client.packet();
    await broker.publish({ topic: 'a/b', payload: 'x', qos: 2 });
    expect(readPublish(await client.packet())).toMatchObject({ qos: 1, payload: 'x' });
    await expectNothing(client);
  });

  it('keeps a message that another overtakes while it is being stored', async () => {
    const { port } = await startBroker();
    // A lasting session makes QoS 1 on `slow` wait for the disk; QoS 0 on `fast` does not wait.
    const away = await subscriber(port, 'slow', 1, 'away', false);
    away.socket.destroy();
    const client = await subscriber(port, '#', 1);
    const slow = await RawClient.connected(port, { clientId: 'slow' });
    const fast = await RawClient.connected(port, { clientId: 'fast' });
    slow.send(publish('slow', 'x', { qos: 1, id: 1 }));
    fast.send(publish('fast', 'x'));
    const topics = [
      readPublish(await client.packet()).topic,
      readPublish(await client.packet()).topic,
    ];
    expect(topics.sort()).toEqual(['fast', 'slow']);
  });

  it('of retained messages follows SUBSCRIBE, with the flag; later ones come without it', async () => {
    const { port, broker } = await startBroker();
    await broker.publish({ topic: 't', payload: 'old', retain: true });
    const client = await subscriber(port, 't', 0);
    expect(readPublish(await client.packet())).toMatchObject({ retain: true, payload: 'old' });
    await broker.publish({ topic: 't', payload: 'new', retain: true });
    expect(readPublish(await client.packet())).toMatchObject({ retain: false, payload: 'new' });
    await broker.publish({ topic: 't', payload: '', retain: true });
    await client.packet();
    client.send(subscribe(2, ['t', 0]));
    await client.packet();
    await expectNothing(client);
  });

  it('does not show a client what it may not receive, live, retained or stored', async () => {
    const { port, broker } = await startBroker({ limits: { queued: 1 } });
    await broker.publish({ topic: 'forbidden/kept', payload: 'x', retain: true });
    const client = await subscriber(port, '#', 1, 'lasting', false);
    await broker.publish({ topic: 'forbidden/live', payload: 'x', qos: 1 });
    await broker.publish({ topic: '$hearth/x', payload: 'x', qos: 1 });
    await expectNothing(client);
    client.socket.destroy();
    await eventually(() => broker.stats().connections === 0);
    await broker.publish({ topic: 'allowed', payload: 'x', qos: 1 });
    // It does not even take the place of what the client may receive.
    await broker.publish({ topic: 'forbidden/stored', payload: 'x', qos: 1 });
    const again = await RawClient.connected(port, { clientId: 'lasting', clean: false });
    expect(readPublish(await again.packet()).topic).toBe('allowed');
    await expectNothing(again);
  });

  it('of $SYS goes to those who name it', async () => {
    const { port, broker } = await startBroker();
    const all = await subscriber(port, '#', 0, 'all');
    const some = await subscriber(port, '$SYS/broker/+', 0, 'some');
    await broker.publish({ topic: '$SYS/broker/uptime', payload: '1' });
    expect(readPublish(await some.packet()).payload).toBe('1');
    await expectNothing(all);
  });
});

describe('a lasting session', () => {
  it('is present without subscriptions [MQTT-3.2.2-2], and gone after a clean one [MQTT-3.1.2-6]', async () => {
    const { port, broker } = await startBroker();
    const present = async (clean: boolean) => {
      const client = await RawClient.open(port);
      client.send(connect({ clientId: 'c', clean }));
      const connack = await client.take(4);
      client.socket.destroy();
      await client.closed();
      return connack;
    };
    expect(await present(false)).toBe('20020000');
    expect(await present(false)).toBe('20020100');
    expect(await present(true)).toBe('20020000');
    expect(await present(false)).toBe('20020000');
    expect(broker.stats().sessions).toBe(1);
  });

  it('gets what it did not acknowledge again, with DUP and under the same identifier [MQTT-3.3.1-1] [MQTT-4.4.0-1]', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, 't', 2, 'lasting', false);
    await broker.publish({ topic: 't', payload: 'seen', qos: 1 });
    await broker.publish({ topic: 't', payload: 'done', qos: 1 });
    await broker.publish({ topic: 't', payload: 'received', qos: 2 });
    const [seen, done, received] = [
      readPublish(await client.packet()),
      readPublish(await client.packet()),
      readPublish(await client.packet()),
    ];
    client.send(ack('40', done.id), ack('50', received.id));
    expect(await client.packet()).toEqual(ack('62', received.id));
    client.socket.destroy();
    await client.closed();
    await broker.publish({ topic: 't', payload: 'missed', qos: 1 });

    const again = await RawClient.connected(port, { clientId: 'lasting', clean: false });
    expect(readPublish(await again.packet())).toEqual({ ...seen, dup: true });
    // PUBREC came for this one: what is repeated is PUBREL [MQTT-4.3.3-1].
    expect(await again.packet()).toEqual(ack('62', received.id));
    const missed = readPublish(await again.packet());
    expect(missed).toMatchObject({ payload: 'missed', dup: false });
    again.send(ack('40', seen.id), ack('70', received.id), ack('40', missed.id));
    await expectNothing(again);
    again.socket.destroy();
    await again.closed();

    const last = await RawClient.connected(port, { clientId: 'lasting', clean: false });
    await expectNothing(last);
  });

  it('gets what was published while it was away in order, over a restart of the broker too', async () => {
    const first = await startBroker();
    const client = await subscriber(first.port, 't/#', 1, 'lasting', false);
    client.socket.destroy();
    await client.closed();
    const send = async (broker: typeof first.broker, from: number) => {
      for (let i = from; i < from + 5; i++) {
        await broker.publish({ topic: `t/${i}`, payload: `${i}`, qos: 1 });
      }
    };
    await send(first.broker, 0);
    await first.broker.stop();
    const second = await startBroker({ directory: first.directory });
    await send(second.broker, 5);
    const again = await RawClient.open(second.port);
    again.send(connect({ clientId: 'lasting', clean: false }));
    expect(await again.take(4)).toBe('20020100');
    const payloads: string[] = [];
    for (let i = 0; i < 10; i++) payloads.push(readPublish(await again.packet()).payload);
    expect(payloads).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    await expectNothing(again);
    expect(second.incidents).toEqual([]);
  });

  it('keeps one subscription when another that covers it comes or goes', async () => {
    const { port, broker } = await startBroker();
    const client = await RawClient.connected(port, { clientId: 'lasting', clean: false });
    client.send(subscribe(1, ['#', 1]), subscribe(2, ['a/b', 2]), unsubscribe(3, '#'));
    for (let i = 0; i < 3; i++) await client.packet();
    client.socket.destroy();
    await client.closed();
    await broker.publish({ topic: 'a/b', payload: 'x', qos: 1 });
    const again = await RawClient.connected(port, { clientId: 'lasting', clean: false });
    expect(readPublish(await again.packet()).payload).toBe('x');
  });

  it('does not lose its connection over a retained QoS 2 message', async () => {
    const { port, broker } = await startBroker();
    await broker.publish({ topic: 't', payload: 'x', qos: 2, retain: true });
    const client = await subscriber(port, 't', 2, 'lasting', false);
    const { id, qos } = readPublish(await client.packet());
    expect(qos).toBe(2);
    client.send(ack('50', id));
    expect(await client.packet()).toEqual(ack('62', id));
    client.send(ack('70', id));
    await expectNothing(client);
  });
});
