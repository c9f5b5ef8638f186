import { describe, expect, it } from 'vitest';
import type { InboundMessage } from '#mqtt';
import { ManualClock } from '../support/clock.ts';
import {
  ack,
  connect,
  disconnect,
  OpenGate,
  ping,
  publish,
  RawClient,
  startBroker,
  subscribe,
  turns,
} from './harness.ts';

/** Stands for the storage: a message is in the open commit until the test settles it. */
class Commits {
  readonly messages: InboundMessage[] = [];
  #open = Promise.withResolvers<void>();
  #count = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  readonly accept = (message: InboundMessage): Promise<void> => {
    this.messages.push({ ...message, payload: Buffer.from(message.payload) });
    this.#count += 1;
    for (const { count, resolve } of this.#waiting) if (this.#count >= count) resolve();
    return this.#open.promise;
  };

  /** Closes the open commit; later messages are in another. */
  close(): PromiseWithResolvers<void> {
    const commit = this.#open;
    this.#open = Promise.withResolvers<void>();
    return commit;
  }

  /** Settles once so many messages have been accepted in all. */
  async took(count: number): Promise<void> {
    if (this.#count < count)
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  get payloads(): string[] {
    return this.messages.map(({ payload }) => payload.toString());
  }
}

async function withCommits(options: Parameters<typeof startBroker>[0] = {}) {
  const commits = new Commits();
  const gate = new OpenGate();
  gate.accept = commits.accept;
  return { ...(await startBroker({ ...options, gate })), commits };
}

describe('a published message', () => {
  it.each([
    [1, '40'],
    [2, '50'],
  ] as const)('with QoS %i is acknowledged when it is safe, not before', async (qos, first) => {
    const { port, commits } = await withCommits();
    const client = await RawClient.connected(port);
    client.send(publish('t', 'a', { qos, id: 1 }));
    await commits.took(1);
    client.send(ping);
    // What was sent after it is answered first: nothing is said of the message yet.
    expect((await client.packet()).toString('hex')).toBe('d000');
    commits.close().resolve();
    expect(await client.packet()).toEqual(ack(first, 1));
  });

  it('is acknowledged after those before it, whichever commit is done first [MQTT-4.6.0-2]', async () => {
    const { port, commits } = await withCommits();
    const client = await RawClient.connected(port);
    client.send(publish('t', 'a', { qos: 1, id: 1 }), publish('t', 'b', { qos: 2, id: 2 }));
    await commits.took(2);
    const early = commits.close();
    client.send(publish('t', 'c', { qos: 1, id: 3 }));
    await commits.took(3);
    commits.close().resolve();
    client.send(ping);
    expect((await client.packet()).toString('hex')).toBe('d000');
    early.resolve();
    expect(await client.take(12)).toBe('400200015002000240020003');
  });

  it('closes the connection without an acknowledgment when it cannot be kept', async () => {
    const { port, commits, broker } = await withCommits();
    const client = await RawClient.connected(port);
    client.send(publish('t', 'a', { qos: 1, id: 1 }));
    await commits.took(1);
    commits.close().reject(new Error('the disk is full'));
    await client.closed();
    expect(client.waiting).toHaveLength(0);
    expect(broker.stats().acceptFailures).toBe(1);
  });

  it('is not forwarded before it is safe, and then in order [MQTT-4.6.0-6]', async () => {
    const { port, commits } = await withCommits();
    const reader = await RawClient.connected(port, { clientId: 'reader' });
    reader.send(subscribe(1, ['t/#', 1]));
    await reader.packet();
    const writer = await RawClient.connected(port, { clientId: 'writer' });
    // Retained ones take the way through the store, the others do not.
    const sent = Array.from({ length: 40 }, (_, i) =>
      publish('t/x', `${i}`, { qos: 1, id: i + 1, retain: i % 3 === 0 }),
    );
    writer.send(...sent);
    await commits.took(40);
    reader.send(ping);
    expect((await reader.packet()).toString('hex')).toBe('d000');
    commits.close().resolve();
    const payloads: string[] = [];
    for (let i = 0; i < 40; i++) payloads.push((await reader.packet()).subarray(9).toString());
    expect(payloads).toEqual(sent.map((_, i) => `${i}`));
    expect(await writer.take(160)).toBe(
      Buffer.concat(sent.map((_, i) => ack('40', i + 1))).toString('hex'),
    );
  });

  it('is forwarded although its sender has left', async () => {
    const { port, commits } = await withCommits();
    const reader = await RawClient.connected(port, { clientId: 'reader' });
    reader.send(subscribe(1, ['t', 0]));
    await reader.packet();
    const writer = await RawClient.open(port);
    writer.send(connect({ clientId: 'writer' }), publish('t', 'a'), disconnect);
    writer.socket.end();
    await commits.took(1);
    commits.close().resolve();
    expect(await reader.packet()).toEqual(publish('t', 'a'));
  });

  it('is told to the gate with what it came with', async () => {
    const { port, commits } = await withCommits();
    const client = await RawClient.connected(port, { clientId: 'me', username: 'name' });
    client.send(publish('t', 'a', { qos: 1, id: 5, retain: true, dup: true }));
    await commits.took(1);
    expect(commits.messages).toEqual([
      {
        identity: { kind: 'service', name: 'name' },
        clientId: 'me',
        topic: 't',
        payload: Buffer.from('a'),
        qos: 1,
        retain: true,
        duplicate: true,
        packetId: 5,
      },
    ]);
    commits.close().resolve();
  });

  it('loses its retain flag where the client may not retain', async () => {
    const { port, gate, broker } = await startBroker();
    gate.mayRetain = false;
    const client = await RawClient.connected(port);
    client.send(publish('t', 'a', { qos: 1, id: 5, retain: true }));
    expect(await client.packet()).toEqual(ack('40', 5));
    expect(broker.stats().retained).toBe(0);
  });

  it('with QoS 2 counts once however often it is sent before PUBREL [MQTT-4.3.3-2]', async () => {
    const { port, commits } = await withCommits();
    const client = await RawClient.connected(port);
    client.send(
      publish('t', 'a', { qos: 2, id: 1 }),
      publish('t', 'a', { qos: 2, id: 1, dup: true }),
    );
    await commits.took(1);
    commits.close().resolve();
    expect(await client.take(8)).toBe('5002000150020001');
    client.send(ack('62', 1), publish('t', 'b', { qos: 2, id: 1 }));
    await commits.took(2);
    commits.close().resolve();
    expect(await client.take(8)).toBe('7002000150020001');
    expect(commits.payloads).toEqual(['a', 'b']);
  });

  it('with QoS 2 counts once over connections and restarts of the broker', async () => {
    const first = await withCommits();
    const client = await RawClient.connected(first.port, { clientId: 'lasting', clean: false });
    client.send(publish('t', 'a', { qos: 2, id: 1 }));
    await first.commits.took(1);
    first.commits.close().resolve();
    await client.packet();
    await first.broker.stop();
    const { port, commits } = await withCommits({ directory: first.directory });
    const again = await RawClient.open(port);
    again.send(connect({ clientId: 'lasting', clean: false }));
    expect(await again.take(4)).toBe('20020100');
    again.send(publish('t', 'a', { qos: 2, id: 1, dup: true }), ack('62', 1));
    expect(await again.take(8)).toBe('5002000170020001');
    expect(commits.messages).toHaveLength(0);
  });

  it('is slowed down, not lost, beyond the rate of its sender', async () => {
    const clock = new ManualClock(0);
    const { port, commits } = await withCommits({ clock, limits: { messagesPerSecond: 10 } });
    const client = await RawClient.connected(port);
    const send = (from: number) =>
      client.send(...Array.from({ length: 20 }, (_, i) => publish('t', `${from + i}`)));
    send(0);
    await commits.took(20);
    send(20);
    client.send(ping);
    // Ten too many were read: a second passes before anything else is.
    clock.advance(900);
    await turns(100);
    expect(commits.messages).toHaveLength(20);
    clock.advance(100);
    await commits.took(40);
    expect(commits.payloads).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`));
    commits.close().resolve();
  });

  it('waits in the socket when too much waits for the disk', async () => {
    const { port, commits } = await withCommits();
    const client = await RawClient.connected(port);
    const payload = 'x'.repeat(10_000);
    const total = 3000;
    for (let i = 0; i < total; i++) client.send(publish('t', payload, { qos: 1, id: i + 1 }));
    await commits.took(100);
    await turns(2000);
    // 30 MB were sent; about one is in the broker.
    expect(commits.messages.length).toBeLessThan(total / 10);
    const settle = async () => {
      for (let done = 0; done < total; done = commits.messages.length) {
        await commits.took(done + 1);
        commits.close().resolve();
      }
    };
    await Promise.all([settle(), client.take(4 * total)]);
    expect(commits.messages.map(({ packetId }) => packetId)).toEqual(
      Array.from({ length: total }, (_, i) => i + 1),
    );
  });
});

describe('a denied message', () => {
  it('is told to the owner, acknowledged and passed to nobody', async () => {
    const { port, commits, gate, broker } = await withCommits();
    const reader = await RawClient.connected(port, { clientId: 'reader' });
    reader.send(subscribe(1, ['#', 0]));
    await reader.packet();
    const client = await RawClient.connected(port, { clientId: 'me', username: 'name' });
    client.send(
      publish('forbidden/t', 'a', { qos: 1, id: 1 }),
      publish('$SYS/x', 'a', { qos: 1, id: 2 }),
    );
    expect(await client.take(8)).toBe('4002000140020002');
    reader.send(ping);
    expect((await reader.packet()).toString('hex')).toBe('d000');
    expect(commits.messages).toHaveLength(0);
    expect(broker.stats().denied).toBe(2);
    expect(
      gate.denials.map(({ action, identity, clientId, topic }) => [
        action,
        identity?.name,
        clientId,
        topic,
      ]),
    ).toEqual([
      ['publish', 'name', 'me', 'forbidden/t'],
      ['publish', 'name', 'me', '$SYS/x'],
    ]);
  });

  it('ends the connection when it is the twenty-first in a minute', async () => {
    const clock = new ManualClock(0);
    const { port, gate } = await startBroker({ clock });
    const client = await RawClient.connected(port);
    const denied = (id: number) => publish('forbidden/t', 'a', { qos: 1, id });
    client.send(...Array.from({ length: 20 }, (_, i) => denied(i + 1)));
    await client.take(80);
    clock.advance(60_000);
    client.send(...Array.from({ length: 20 }, (_, i) => denied(i + 1)));
    await client.take(80);
    client.send(denied(21));
    await client.closed();
    expect(gate.denials).toHaveLength(40);
  });
});
