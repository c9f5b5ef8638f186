import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#kernel';
import type { DirectMessage, Identity } from '#mqtt';
import { IdentifierWalk } from '../../src/mqtt/connection/direct-messages.ts';
import { Flusher } from '../../src/mqtt/connection/flusher.ts';
import { Outbox } from '../../src/mqtt/connection/outbox.ts';
import { Counters } from '../../src/mqtt/counters.ts';
import {
  ack,
  connect,
  disconnect,
  eventually,
  ping,
  publish,
  RawClient,
  readPublish,
  roomyLimits,
  startBroker,
  subscribe,
  type TestBroker,
} from './harness.ts';

const plug: Identity = { kind: 'service', name: 'plug' };
const native = 'devices/plug/command';
const seed = 'smartplug/plug/control';

interface SubscriberOptions {
  readonly name?: string;
  readonly clientId?: string;
  readonly clean?: boolean;
}

async function subscriber(
  port: number,
  filters: readonly [string, number][],
  { name = 'plug', clientId = name, clean = true }: SubscriberOptions = {},
) {
  const client = await RawClient.connected(port, { clientId, username: name, clean });
  client.send(subscribe(1, ...filters));
  await client.packet();
  return client;
}

/** Everything before has been handled once the ping is answered; nothing but the answer comes. */
async function expectNothing(client: RawClient) {
  client.send(ping);
  expect((await client.packet()).toString('hex')).toBe('d000');
}

const message = (payload: string, rest: Partial<DirectMessage> = {}): DirectMessage => ({
  to: plug,
  topics: [native, seed],
  payloadFor: () => payload,
  ...rest,
});

async function gone({ broker }: TestBroker, client: RawClient) {
  const { connections } = broker.stats();
  client.socket.destroy();
  await eventually(() => broker.stats().connections === connections - 1);
}

/** Aedes numbers a client's messages from a random place on: here it is `first`. */
function numberFrom(first: number) {
  vi.spyOn(Math, 'random').mockReturnValue((first - 0.5) / 65_535);
}

afterEach(() => vi.restoreAllMocks());

describe('a direct message', () => {
  it.each([
    [1, 1],
    [2, 1],
    [0, 0],
  ])('to a subscription of QoS %i has QoS %i, without flags', async (granted, qos) => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, granted]]);
    expect(broker.send(message('on'))).toEqual({ sent: true, topic: native, qos });
    expect(readPublish(await client.packet())).toEqual({
      dup: false,
      qos,
      retain: false,
      topic: native,
      id: qos === 0 ? 0 : 65_535,
      payload: 'on',
    });
    expect(broker.stats()).toMatchObject({ inflight: qos, messagesSent: 1, retained: 0 });
  });

  it('is delivered when its PUBACK comes, and only then, once', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 1]]);
    const onDelivered = vi.fn();
    broker.send(message('on', { onDelivered }));
    const { id } = readPublish(await client.packet());
    await expectNothing(client);
    expect(onDelivered).not.toHaveBeenCalled();
    client.send(ack('40', id));
    await expectNothing(client);
    expect(onDelivered).toHaveBeenCalledTimes(1);
    client.send(ack('40', id));
    await expectNothing(client);
    expect(onDelivered).toHaveBeenCalledTimes(1);
    expect(broker.stats().inflight).toBe(0);
  });

  it('to a subscription of QoS 0 is never known to be delivered, whatever is acknowledged', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 0]]);
    const onDelivered = vi.fn();
    broker.send(message('on', { onDelivered }));
    await client.packet();
    client.send(ack('40', 65_535), ack('40', 1));
    await expectNothing(client);
    expect(onDelivered).not.toHaveBeenCalled();
  });

  it.each<{ filters: string[]; topic: string; payload: string }>([
    { filters: [native], topic: native, payload: 'for devices' },
    { filters: [seed], topic: seed, payload: 'for smartplug' },
    { filters: [seed, native], topic: native, payload: 'for devices' },
    { filters: ['smartplug/plug/#'], topic: seed, payload: 'for smartplug' },
    { filters: ['#'], topic: native, payload: 'for devices' },
    // What it names it understands; that it hears everything says less.
    { filters: ['#', seed], topic: seed, payload: 'for smartplug' },
  ])('to one who subscribed to $filters goes to $topic, once', async (row) => {
    const { port, broker } = await startBroker();
    const client = await subscriber(
      port,
      row.filters.map((filter) => [filter, 1]),
    );
    const payloadFor = vi.fn((topic: string) => `for ${topic.split('/')[0]}`);
    const outcome = broker.send(message('', { payloadFor }));
    expect(outcome).toEqual({ sent: true, topic: row.topic, qos: 1 });
    const { topic, payload } = row;
    expect(readPublish(await client.packet())).toMatchObject({ topic, payload });
    expect(payloadFor).toHaveBeenCalledTimes(1);
    await expectNothing(client);
  });

  it('has a payload of any size and of bytes', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 1]]);
    for (const size of [0, 100, 127, 128, 20_000]) {
      broker.send(message('', { payloadFor: () => Buffer.alloc(size, 0x61) }));
      const read = readPublish(withShortHeader(await client.packet()));
      expect(read).toMatchObject({ topic: native, payload: 'a'.repeat(size) });
    }
  });

  it('goes to the newest connection of its identity that subscribed, and only there', async () => {
    const running = await startBroker();
    const { port, broker } = running;
    const older = await subscriber(port, [[native, 1]], { clientId: 'older' });
    const newer = await subscriber(port, [[native, 1]], { clientId: 'newer' });
    const deaf = await subscriber(port, [['else', 1]], { clientId: 'deaf' });
    broker.send(message('1'));
    expect(readPublish(await newer.packet()).payload).toBe('1');
    await expectNothing(older);
    await expectNothing(deaf);
    await gone(running, newer);
    broker.send(message('2'));
    expect(readPublish(await older.packet()).payload).toBe('2');
  });

  it.each(['the socket is gone', 'it said DISCONNECT', 'another took over', 'the broker stops'])(
    'is lost when its connection ends without PUBACK, once: %s',
    async (how) => {
      const running = await startBroker();
      const { port, broker } = running;
      const client = await subscriber(port, [[native, 1]]);
      const [first, second] = [vi.fn(), vi.fn()];
      const onDelivered = vi.fn();
      broker.send(message('1', { onLost: first, onDelivered }));
      broker.send(message('2', { onLost: second, onDelivered }));
      client.send(ack('40', readPublish(await client.packet()).id));
      await client.packet();
      await expectNothing(client);
      expect(second).not.toHaveBeenCalled();
      if (how === 'the socket is gone') await gone(running, client);
      else if (how === 'it said DISCONNECT') client.send(disconnect);
      else if (how === 'another took over') await subscriber(port, [[native, 1]]);
      else await broker.stop();
      await eventually(() => second.mock.calls.length > 0);
      expect(second).toHaveBeenCalledTimes(1);
      expect(first).not.toHaveBeenCalled();
      expect(onDelivered).toHaveBeenCalledTimes(1);
    },
  );

  it('is lost before the client is heard to listen again', async () => {
    const news: string[] = [];
    const { port, broker, gate } = await startBroker();
    gate.onSubscribed = () => news.push('listens');
    await subscriber(port, [[native, 1]]);
    broker.send(message('on', { onLost: () => news.push('lost') }));
    await subscriber(port, [[native, 1]]);
    expect(news).toEqual(['listens', 'lost', 'listens']);
  });

  it('to a subscription of QoS 0, or as a copy for another, is never lost', async () => {
    const running = await startBroker();
    const { port, broker } = running;
    const client = await subscriber(port, [[native, 0]]);
    const other = await subscriber(port, [[native, 1]], { name: 'other' });
    const onLost = vi.fn();
    broker.send(message('on', { onLost }));
    await other.packet();
    await gone(running, other);
    await gone(running, client);
    expect(onLost).not.toHaveBeenCalled();
  });

  it('that is lost does no harm when noting it fails', async () => {
    const running = await startBroker();
    const { port, broker } = running;
    const client = await subscriber(port, [[native, 1]]);
    const last = vi.fn();
    const onLost = () => {
      throw new Error('the disk is full');
    };
    broker.send(message('1', { onLost }));
    broker.send(message('2', { onLost: last }));
    await gone(running, client);
    expect(last).toHaveBeenCalledTimes(1);
    expect(broker.stats()).toMatchObject({ connections: 0, inflight: 0 });
  });

  it('keeps its client when noting the delivery fails', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 1]]);
    const onDelivered = () => {
      throw new Error('the disk is full');
    };
    broker.send(message('on', { onDelivered }));
    client.send(ack('40', readPublish(await client.packet()).id));
    await expectNothing(client);
    expect(broker.stats().inflight).toBe(0);
  });
});

describe('a direct message is not sent', () => {
  const away = { sent: false, reason: 'away' };
  const notSubscribed = { sent: false, reason: 'not_subscribed' };
  const busy = { sent: false, reason: 'busy' };

  it('to one who is away, and nothing waits for its return', async () => {
    const running = await startBroker();
    const { port, broker } = running;
    const payloadFor = vi.fn(() => 'on');
    expect(broker.send(message('', { payloadFor }))).toEqual(away);
    const client = await subscriber(port, [[native, 1]], { clean: false });
    await gone(running, client);
    expect(broker.send(message('', { payloadFor }))).toEqual(away);
    expect(payloadFor).not.toHaveBeenCalled();
    const again = await RawClient.connected(port, {
      clientId: 'plug',
      username: 'plug',
      clean: false,
    });
    await expectNothing(again);
    expect(broker.send(message('on')).sent).toBe(true);
    expect(readPublish(await again.packet()).payload).toBe('on');
  });

  it('again: one whose PUBACK never came is over with its connection', async () => {
    const running = await startBroker();
    const { port, broker } = running;
    const client = await subscriber(port, [[native, 1]], { clean: false });
    const onDelivered = vi.fn();
    broker.send(message('lost', { onDelivered }));
    const { id } = readPublish(await client.packet());
    await gone(running, client);
    const again = await RawClient.connected(port, {
      clientId: 'plug',
      username: 'plug',
      clean: false,
    });
    await expectNothing(again);
    // The late PUBACK settles neither the old message nor a new one.
    const onNewDelivered = vi.fn();
    broker.send(message('new', { onDelivered: onNewDelivered }));
    const sent = readPublish(await again.packet());
    again.send(ack('40', id));
    await expectNothing(again);
    expect([onDelivered.mock.calls.length, onNewDelivered.mock.calls.length]).toEqual([0, 0]);
    again.send(ack('40', sent.id));
    await expectNothing(again);
    expect([onDelivered.mock.calls.length, onNewDelivered.mock.calls.length]).toEqual([0, 1]);
  });

  it('to one who said DISCONNECT, or whose broker is not running', async () => {
    const { port, broker, gate } = await startBroker();
    let release: () => void = () => undefined;
    gate.accept = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const client = await subscriber(port, [[native, 1]]);
    client.send(publish('t', 'x', { qos: 1 }), disconnect);
    await eventually(() => broker.stats().pending === 1);
    expect(broker.send(message('on'))).toEqual(away);
    expect(broker.stats().connections).toBe(1);
    release();
    await client.closed();
    await subscriber(port, [[native, 1]], { clientId: 'late' });
    const stopped = broker.stop();
    expect(broker.send(message('on'))).toEqual(away);
    await stopped;
    expect(broker.send(message('on'))).toEqual(away);
  });

  it('to one who subscribed to none of its topics, or may not receive them', async () => {
    const { port, broker, gate } = await startBroker();
    const client = await subscriber(port, [['devices/plug/other', 1]]);
    await subscriber(port, [[native, 1]], { name: 'other' });
    expect(broker.send(message('on'))).toEqual(notSubscribed);
    client.send(subscribe(2, [native, 1], [seed, 1]));
    await client.packet();
    gate.forbidden = /^devices/;
    expect(broker.send(message('on'))).toMatchObject({ sent: true, topic: seed });
    gate.forbidden = /plug/;
    expect(broker.send(message('on'))).toEqual(notSubscribed);
  });

  it('to one whose window is full, until there is room in it', async () => {
    const { port, broker } = await startBroker({ limits: { inflight: 2 } });
    const client = await subscriber(port, [
      [native, 1],
      ['t', 1],
    ]);
    await broker.publish({ topic: 't', payload: 'ordinary', qos: 1 });
    broker.send(message('first'));
    const [ordinary, first] = [
      readPublish(await client.packet()),
      readPublish(await client.packet()),
    ].sort((a, b) => a.topic.localeCompare(b.topic) * -1);
    const payloadFor = vi.fn(() => 'second');
    expect(broker.send(message('', { payloadFor }))).toEqual(busy);
    expect(payloadFor).not.toHaveBeenCalled();
    client.send(ack('40', ordinary?.id ?? 0), ack('40', first?.id ?? 0));
    await expectNothing(client);
    expect(broker.send(message('', { payloadFor })).sent).toBe(true);
    expect(readPublish(await client.packet()).payload).toBe('second');
  });

  it.each([0, 1])('of QoS %i to one who reads nothing: what was sent all arrives', async (qos) => {
    const { port, broker } = await startBroker({ limits: { inflight: 10_000 } });
    const client = await subscriber(port, [[native, qos]]);
    client.socket.pause();
    const sent: string[] = [];
    for (;;) {
      const payload = `${sent.length}`.padEnd(50_000);
      const outcome = broker.send(message(payload));
      if (!outcome.sent) {
        expect(outcome).toEqual(busy);
        break;
      }
      sent.push(payload);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent.length).toBeGreaterThan(20);
    client.socket.resume();
    for (const payload of sent) {
      expect(readPublish(withShortHeader(await client.packet())).payload).toBe(payload);
    }
    expect(broker.stats().dropped.slowSubscriber).toBe(0);
    expect(broker.send(message('again')).sent).toBe(true);
  });
});

describe('the identifiers of direct messages', () => {
  it.each([true, false])(
    'are not those of ordinary messages: one with the same waits for the PUBACK (clean: %s)',
    async (clean) => {
      const { port, broker } = await startBroker();
      numberFrom(65_533);
      const filters: [string, number][] = [
        [native, 1],
        ['t', 1],
      ];
      const client = await subscriber(port, filters, { clean });
      const onDelivered = vi.fn();
      broker.send(message('direct', { onDelivered }));
      expect(readPublish(await client.packet())).toMatchObject({ id: 65_535, payload: 'direct' });
      for (let i = 0; i < 4; i++) await broker.publish({ topic: 't', payload: `${i}`, qos: 1 });
      expect(readPublish(await client.packet())).toMatchObject({ id: 65_533, payload: '0' });
      expect(readPublish(await client.packet())).toMatchObject({ id: 65_534, payload: '1' });
      await expectNothing(client);
      // It goes past those that wait, and takes neither's identifier.
      broker.send(message('urgent'));
      expect(readPublish(await client.packet())).toMatchObject({ id: 65_532, payload: 'urgent' });
      client.send(ack('40', 65_535));
      expect(readPublish(await client.packet())).toMatchObject({ id: 65_535, payload: '2' });
      expect(onDelivered).toHaveBeenCalledTimes(1);
      expect(readPublish(await client.packet())).toMatchObject({ id: 1, payload: '3' });
      for (const id of [65_533, 65_534, 1, 65_532]) client.send(ack('40', id));
      await expectNothing(client);
      expect(broker.stats().inflight).toBe(1);
      client.socket.destroy();
      // The PUBACK was for the direct message: the ordinary one is still kept.
      const again = await RawClient.connected(port, { clientId: 'plug', username: 'plug', clean });
      if (!clean) {
        const kept = { id: 65_535, payload: '2', dup: true };
        expect(readPublish(await again.packet())).toMatchObject(kept);
      }
      await expectNothing(again);
      expect(onDelivered).toHaveBeenCalledTimes(1);
    },
  );

  it.each<{ what: string; answer: Buffer[]; comes: string; id: number }>([
    { what: 'QoS 1 without PUBACK', answer: [], comes: '3a', id: 65_535 },
    { what: 'QoS 2 after PUBREC', answer: [ack('50', 65_535)], comes: '62', id: 65_535 },
  ])('are not those of stored messages that are sent again: $what', async (row) => {
    const running = await startBroker();
    const { port, broker } = running;
    numberFrom(65_535);
    const filters: [string, number][] = [
      [native, 1],
      ['t', 2],
    ];
    const client = await subscriber(port, filters, { clean: false });
    const qos = row.answer.length === 0 ? 1 : 2;
    await broker.publish({ topic: 't', payload: 'stored', qos });
    expect(readPublish(await client.packet()).id).toBe(65_535);
    client.send(...row.answer, ping);
    for (let i = 0; i <= row.answer.length; i++) await client.packet();
    await gone(running, client);
    const again = await RawClient.open(port);
    // Before what is stored has been read back.
    running.gate.onConnected = () => broker.send(message('direct'));
    again.send(connect({ clientId: 'plug', username: 'plug', clean: false }));
    expect(await again.take(4)).toBe('20020100');
    expect(readPublish(await again.packet())).toMatchObject({ id: 65_534, payload: 'direct' });
    expect((await again.packet()).subarray(0, 1).toString('hex')).toBe(row.comes);
  });

  it('settle the right message under load: ordinary ones come once and in order', async () => {
    const count = 1500;
    const running = await startBroker({ limits: { inflight: 32, queued: 2 * count } });
    const { port, broker } = running;
    numberFrom(65_000);
    const filters: [string, number][] = [
      [native, 1],
      ['t', 1],
    ];
    const client = await subscriber(port, filters, { clean: false });
    vi.restoreAllMocks();
    const acknowledged = new Set<string>();
    const delivered: string[] = [];
    const ordinary: string[] = [];
    const direct: string[] = [];
    const outstanding = new Map<number, string>();
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const acknowledgeAny = () => {
      const [id, name] = [...outstanding][random(outstanding.size)] ?? [0, ''];
      outstanding.delete(id);
      acknowledged.add(name);
      client.send(ack('40', id));
    };
    const reading = (async () => {
      while (ordinary.length + direct.length < 2 * count) {
        const { topic, payload, id, dup } = readPublish(await client.packet());
        expect([dup, outstanding.has(id)]).toEqual([false, false]);
        (topic === native ? direct : ordinary).push(payload);
        outstanding.set(id, `${topic} ${payload}`);
        while (outstanding.size > random(16)) acknowledgeAny();
      }
      while (outstanding.size > 0) acknowledgeAny();
    })();
    const published: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      published.push(broker.publish({ topic: 't', payload: `${i}`, qos: 1 }));
      const onDelivered = () => {
        expect(acknowledged).toContain(`${native} ${i}`);
        delivered.push(`${i}`);
      };
      while (!broker.send(message(`${i}`, { onDelivered })).sent) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await Promise.all([reading, ...published]);
    await expectNothing(client);
    const all = Array.from({ length: count }, (_, i) => `${i}`);
    expect(ordinary).toEqual(all);
    expect(direct).toEqual(all);
    expect(delivered.sort((a, b) => Number(a) - Number(b))).toEqual(all);
    expect(broker.stats().inflight).toBe(0);
    await gone(running, client);
    const again = await RawClient.connected(port, {
      clientId: 'plug',
      username: 'plug',
      clean: false,
    });
    await expectNothing(again);
  });

  it('that were never given out do no harm when they are acknowledged', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 1]], { clean: false });
    const onDelivered = vi.fn();
    broker.send(message('on', { onDelivered }));
    const { id } = readPublish(await client.packet());
    client.send(ack('40', 7), ack('40', id - 1), ack('70', 9));
    await expectNothing(client);
    expect(onDelivered).not.toHaveBeenCalled();
    client.send(ack('40', id));
    await expectNothing(client);
    expect(onDelivered).toHaveBeenCalledTimes(1);
  });

  it('are settled by PUBACK alone: PUBREC and PUBCOMP mean nothing', async () => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 1]]);
    const onDelivered = vi.fn();
    broker.send(message('on', { onDelivered }));
    const { id } = readPublish(await client.packet());
    client.send(ack('50', id), ack('70', id));
    await expectNothing(client);
    expect(onDelivered).not.toHaveBeenCalled();
    client.send(ack('40', id));
    await expectNothing(client);
    expect(onDelivered).toHaveBeenCalledTimes(1);
  });
});

describe('an identifier', () => {
  it('comes up again when all others had their turn, and is passed over while it is in use', () => {
    const walk = new IdentifierWalk();
    const taken = new Set([65_534, 1]);
    const isFree = (packetId: number) => !taken.has(packetId);
    const found = Array.from({ length: 65_533 }, () => walk.find(isFree));
    expect(found.slice(0, 2)).toEqual([65_535, 65_533]);
    expect(found.at(-1)).toBe(2);
    expect(new Set(found).size).toBe(65_533);
    expect(walk.find(isFree)).toBe(65_535);
    expect(walk.find(() => false)).toBeUndefined();
  });

  it('is in use from when a message waits until it is acknowledged', () => {
    const outbox = new Outbox({
      wire: new PassThrough(),
      limits: { ...roomyLimits, inflight: 1 },
      counters: new Counters(),
      clock: systemClock,
      flusher: new Flusher(),
      onProgress: () => undefined,
      onDropped: () => undefined,
    });
    outbox.publish(publish('t', 'sent', { qos: 1, id: 5 }), 5);
    outbox.publish(publish('t', 'waits', { qos: 1, id: 6 }), 6);
    const inUse = () => [4, 5, 6, 7].filter((packetId) => outbox.uses(packetId));
    expect(inUse()).toEqual([5, 6]);
    expect([outbox.hasRoom(0), outbox.hasRoom(1)]).toEqual([true, false]);
    outbox.acknowledged(5);
    expect(inUse()).toEqual([6]);
    outbox.acknowledged(6);
    expect(inUse()).toEqual([]);
    outbox.close();
    expect([outbox.hasRoom(0), outbox.hasRoom(1)]).toEqual([false, false]);
  });
});

describe('other subscribers of the topic', () => {
  it.each([
    ['devices/+/command', 0, 0],
    ['devices/#', 1, 1],
    [native, 2, 1],
  ])('to %s with QoS %i get a copy with QoS %i', async (filter, granted, qos) => {
    const { port, broker } = await startBroker();
    const client = await subscriber(port, [[native, 1]]);
    const observer = await subscriber(port, [[filter, granted]], { name: 'observer' });
    const onDelivered = vi.fn();
    broker.send(message('on', { onDelivered }));
    const copy = readPublish(await observer.packet());
    expect(copy).toMatchObject({ topic: native, payload: 'on', qos, retain: false });
    if (qos > 0) observer.send(ack('40', copy.id));
    await expectNothing(observer);
    expect(onDelivered).not.toHaveBeenCalled();
    const { id } = readPublish(await client.packet());
    client.send(ack('40', id));
    await expectNothing(client);
    expect(onDelivered).toHaveBeenCalledTimes(1);
    expect(broker.stats().inflight).toBe(0);
  });

  it('get one with the message alone: not without it, not while away, not where forbidden', async () => {
    const running = await startBroker({ limits: { inflight: 1 } });
    const { port, broker, gate } = running;
    const observer = await subscriber(port, [['#', 1]], { name: 'observer', clean: false });
    expect(broker.send(message('nobody is there'))).toEqual({ sent: false, reason: 'away' });
    await expectNothing(observer);
    const client = await subscriber(port, [[native, 0]]);
    broker.send(message('1'));
    expect(readPublish(await client.packet()).payload).toBe('1');
    const first = readPublish(await observer.packet());
    expect(first.payload).toBe('1');
    // Its window is full: the device is not held up, and nothing is kept for the observer.
    expect(broker.send(message('2')).sent).toBe(true);
    expect(broker.stats().dropped.slowSubscriber).toBe(1);
    observer.send(ack('40', first.id));
    await expectNothing(observer);
    gate.mayReceive = (identity) => identity.name === 'plug';
    expect(broker.send(message('3')).sent).toBe(true);
    await expectNothing(observer);
    gate.mayReceive = () => true;
    await gone(running, observer);
    expect(broker.send(message('4')).sent).toBe(true);
    const again = await RawClient.connected(port, {
      clientId: 'observer',
      username: 'observer',
      clean: false,
    });
    await expectNothing(again);
    for (const payload of ['2', '3', '4']) {
      expect(readPublish(await client.packet()).payload).toBe(payload);
    }
    await expectNothing(client);
  });
});

describe('the gate is told of', () => {
  it('each filter that SUBACK grants, never of a refused one', async () => {
    const { port, gate } = await startBroker({ limits: { subscriptions: 2 } });
    const client = await subscriber(port, [
      ['forbidden/a', 1],
      [native, 1],
      ['$hearth/x', 0],
      [native, 0],
    ]);
    expect(gate.subscriptions).toEqual([`plug: ${native}`]);
    client.send(subscribe(2, ['a', 0], ['one too many', 0]));
    await client.packet();
    client.send(subscribe(3, ['forbidden/b', 0]), subscribe(4, [native, 1]));
    await client.packet();
    await client.packet();
    expect(gate.subscriptions).toEqual([`plug: ${native}`, 'plug: a', `plug: ${native}`]);
  });

  it('a subscription once SUBACK is on its way: what is sent then follows it', async () => {
    const { port, broker, gate } = await startBroker();
    gate.onSubscribed = (identity) => broker.send(message('at once', { to: identity }));
    const client = await RawClient.connected(port, { clientId: 'plug', username: 'plug' });
    client.send(subscribe(5, [native, 1]));
    expect((await client.packet()).toString('hex')).toBe('9003000501');
    expect(readPublish(await client.packet()).payload).toBe('at once');
  });

  it('a client once CONNACK is on its way: a stored subscription hears what is sent then', async () => {
    const running = await startBroker();
    const { port, broker, gate } = running;
    await gone(running, await subscriber(port, [[native, 1]], { clean: false }));
    const onDelivered = vi.fn();
    gate.onConnected = (identity) => broker.send(message('at once', { to: identity, onDelivered }));
    const client = await RawClient.open(port);
    client.send(connect({ clientId: 'plug', username: 'plug', clean: false }));
    expect(await client.take(4)).toBe('20020100');
    client.send(ack('40', readPublish(await client.packet()).id));
    await expectNothing(client);
    expect(onDelivered).toHaveBeenCalledTimes(1);
    expect(gate.subscriptions).toEqual([`plug: ${native}`]);
  });
});

/** The same packet with a remaining length of one byte, whatever it says: as `readPublish` reads it. */
function withShortHeader(packet: Buffer): Buffer {
  let end = 1;
  while ((packet[end] as number) > 127) end += 1;
  return Buffer.concat([packet.subarray(0, 1), Buffer.from([0]), packet.subarray(end + 1)]);
}
