import { describe, expect, it } from 'vitest';
import type { ConnectAttempt, Identity, Refusal } from '#mqtt';
import { ManualClock } from '../support/clock.ts';
import {
  ack,
  connect,
  disconnect,
  eventually,
  OpenGate,
  ping,
  publish,
  RawClient,
  startBroker,
  subscribe,
  turns,
} from './harness.ts';

async function reader(port: number, filter: string) {
  const client = await RawClient.connected(port, { clientId: 'reader', username: 'reader' });
  client.send(subscribe(1, [filter, 1]));
  await client.packet();
  return client;
}

describe('a client identifier', () => {
  it('is taken over by the same identity: the earlier connection ends first [MQTT-3.1.4-2]', async () => {
    const { port, gate } = await startBroker();
    const will = { topic: 'will', payload: 'gone' };
    const first = await RawClient.connected(port, { username: 'a', will });
    await RawClient.connected(port, { username: 'a' });
    await first.closed();
    expect(gate.events).toEqual(['+a/c', '-a/c', '+a/c']);
  });

  it('is refused to another identity while it is connected or stored, with CONNACK 2', async () => {
    const { port, gate } = await startBroker();
    const first = await RawClient.connected(port, { username: 'a', clean: false });
    const stranger = async () => {
      const client = await RawClient.open(port);
      client.send(connect({ username: 'b' }));
      expect(await client.take(4)).toBe('20020002');
      await client.closed();
    };
    await stranger();
    first.send(ping);
    expect((await first.packet()).toString('hex')).toBe('d000');
    first.socket.destroy();
    await eventually(() => gate.events.length === 2);
    await stranger();
    expect(gate.denials.map(({ action, identity }) => [action, identity?.name])).toEqual([
      ['connect', 'b'],
      ['connect', 'b'],
    ]);
  });

  it.each(['connected', 'stored'])(
    'that is the name of a device goes to it, though another identity has it %s',
    async (state) => {
      const gate = new (class extends OpenGate {
        override async authenticate(attempt: ConnectAttempt): Promise<Identity | Refusal> {
          const kind = attempt.username === 'plug' ? 'device' : 'service';
          return { kind, name: attempt.username ?? '' };
        }
      })();
      const { port, broker } = await startBroker({ gate });
      const options = { clientId: 'plug', username: 'squatter', clean: false };
      const squatter = await RawClient.connected(port, options);
      squatter.send(subscribe(1, ['#', 1]));
      await squatter.packet();
      if (state === 'stored') {
        squatter.socket.destroy();
        await eventually(() => gate.events.length === 2);
      }
      const plug = await RawClient.open(port);
      plug.send(connect({ clientId: 'plug', username: 'plug', clean: false }));
      // No session present: what the squatter had subscribed to is not the device's.
      expect(await plug.take(4)).toBe('20020000');
      await squatter.closed();
      expect(broker.stats()).toMatchObject({ sessions: 1, subscriptions: 0 });
    },
  );

  it('goes to the last of several that ask at once', async () => {
    const { port, gate } = await startBroker();
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(port)));
    for (const client of clients) client.send(connect({ username: 'a', clean: false }));
    const last = clients.at(-1) as RawClient;
    await Promise.all(clients.slice(0, -1).map((client) => client.closed()));
    await last.take(4);
    last.send(ping);
    expect((await last.packet()).toString('hex')).toBe('d000');
    expect(gate.events.filter((event) => event.startsWith('+')).length).toBe(
      gate.events.filter((event) => event.startsWith('-')).length + 1,
    );
  });
});

describe('the gate', () => {
  it('is asked with all that the client showed', async () => {
    const attempts: ConnectAttempt[] = [];
    class Watching extends OpenGate {
      override async authenticate(attempt: ConnectAttempt): Promise<Identity | Refusal> {
        attempts.push(attempt);
        return super.authenticate(attempt);
      }
    }
    const { port } = await startBroker({ gate: new Watching() });
    await RawClient.connected(port, { clientId: 'me', username: 'name' });
    expect(attempts).toEqual([
      {
        transport: 'tcp',
        remoteAddress: '127.0.0.1',
        clientId: 'me',
        username: 'name',
        password: undefined,
        certificate: undefined,
      },
    ]);
  });

  it('that fails lets nobody in: CONNACK 3', async () => {
    class Failing extends OpenGate {
      override async authenticate(): Promise<Identity> {
        throw new Error('no database');
      }
    }
    const { port, broker } = await startBroker({ gate: new Failing() });
    const client = await RawClient.open(port);
    client.send(connect());
    expect(await client.take(4)).toBe('20020003');
    await client.closed();
    expect(broker.stats()).toMatchObject({ connectsRefused: 1, connections: 0 });
  });

  it('does not hear of a connection that ended while it was thinking', async () => {
    const thinking = Promise.withResolvers<Identity>();
    class Slow extends OpenGate {
      override authenticate(): Promise<Identity> {
        return thinking.promise;
      }
    }
    const gate = new Slow();
    const clock = new ManualClock(0);
    const { port, broker } = await startBroker({ gate, clock });
    const client = await RawClient.open(port);
    client.send(connect({ clean: false }));
    await eventually(() => broker.stats().connections === 1);
    await eventually(() => broker.stats().bytesReceived > 0);
    clock.advance(12_000);
    await client.closed();
    thinking.resolve({ kind: 'service', name: 'a' });
    await eventually(() => broker.stats().connections === 0);
    expect(gate.events).toEqual([]);
    expect(broker.stats().sessions).toBe(0);
  });
});

describe('the hub', () => {
  it('ends all connections of an identity, and only those', async () => {
    const { port, broker } = await startBroker();
    const [one, two, other] = await Promise.all([
      RawClient.connected(port, { clientId: '1', username: 'a' }),
      RawClient.connected(port, { clientId: '2', username: 'a' }),
      RawClient.connected(port, { clientId: '3', username: 'b' }),
    ]);
    expect(broker.disconnect({ kind: 'service', name: 'a' })).toBe(2);
    expect(broker.disconnect({ kind: 'device', name: 'b' })).toBe(0);
    await Promise.all([one.closed(), two.closed()]);
    other.send(ping);
    expect((await other.packet()).toString('hex')).toBe('d000');
  });

  it('forgets the stored sessions of an identity', async () => {
    const { port, broker } = await startBroker();
    const client = await RawClient.connected(port, { username: 'a', clean: false });
    client.send(subscribe(1, ['t', 1]));
    await client.packet();
    await broker.forget({ kind: 'service', name: 'a' });
    await client.closed();
    await broker.publish({ topic: 't', payload: 'x', qos: 1 });
    expect(broker.stats()).toMatchObject({ sessions: 0, subscriptions: 0 });
    const other = await RawClient.open(port);
    other.send(connect({ username: 'b', clean: false }), ping);
    expect(await other.take(6)).toBe('20020000d000');
  });

  it('acknowledges what it has read before it stops, and takes wills to those who wait', async () => {
    const { port, broker, gate, directory } = await startBroker();
    const commit = Promise.withResolvers<void>();
    const accepted = Promise.withResolvers<void>();
    gate.accept = () => {
      accepted.resolve();
      return commit.promise;
    };
    const away = await RawClient.connected(port, { clientId: 'away', clean: false });
    away.send(subscribe(1, ['will', 1]));
    await away.packet();
    away.socket.destroy();
    const client = await RawClient.connected(port, {
      clientId: 'c',
      will: { topic: 'will', payload: 'w', qos: 1 },
    });
    client.send(publish('t', 'x', { qos: 1, id: 1 }));
    await accepted.promise;
    const stopped = broker.stop();
    await turns(20);
    commit.resolve();
    expect(await client.packet()).toEqual(ack('40', 1));
    await Promise.all([client.closed(), stopped]);

    const next = await startBroker({ directory });
    const again = await RawClient.connected(next.port, { clientId: 'away', clean: false });
    expect((await again.packet()).toString('hex')).toMatch(/^3209000477696c6c....77$/);
  });

  it('tells of itself under $SYS every ten seconds', async () => {
    const clock = new ManualClock(0);
    const { port } = await startBroker({ clock });
    const client = await reader(port, '$SYS/broker/clients/connected');
    clock.advance(10_000);
    expect(await client.packet()).toEqual(publish('$SYS/broker/clients/connected', '1'));
  });
});

describe('a will', () => {
  const will = { topic: 'will', payload: 'gone', qos: 1 };

  it('is published when the connection breaks [MQTT-3.1.2-8], after what its client sent', async () => {
    const { port, gate } = await startBroker();
    const accepted: string[] = [];
    gate.accept = ({ topic, identity }) => {
      accepted.push(`${identity.name} ${topic}`);
      return undefined;
    };
    const watcher = await reader(port, '#');
    const client = await RawClient.connected(port, { username: 'a', will });
    client.send(publish('t', 'last words'));
    client.socket.end();
    expect(await watcher.packet()).toEqual(publish('t', 'last words'));
    expect((await watcher.packet()).subarray(2, 8).toString()).toBe('\0\x04will');
    expect(accepted).toEqual(['a t', 'a will']);
  });

  it('is not published after DISCONNECT [MQTT-3.14.4-3]', async () => {
    const { port } = await startBroker();
    const watcher = await reader(port, '#');
    const client = await RawClient.connected(port, { will });
    client.send(disconnect);
    await client.closed();
    watcher.send(ping);
    expect((await watcher.packet()).toString('hex')).toBe('d000');
  });

  it('is published when the hub ends the connection for a broken rule', async () => {
    const { port } = await startBroker();
    const watcher = await reader(port, '#');
    const client = await RawClient.connected(port, { will });
    client.send(publish('a/+', ''));
    expect((await watcher.packet()).subarray(2, 8).toString()).toBe('\0\x04will');
  });

  it('goes through the gate', async () => {
    const { port, gate } = await startBroker();
    const watcher = await reader(port, '#');
    const client = await RawClient.connected(port, { will: { ...will, topic: 'forbidden/will' } });
    client.socket.destroy();
    await eventually(() => gate.denials.length === 1);
    expect(gate.denials[0]).toMatchObject({ action: 'publish', topic: 'forbidden/will' });
    watcher.send(ping);
    expect((await watcher.packet()).toString('hex')).toBe('d000');
  });

  it('stays when it is to be retained [MQTT-3.1.2-17]', async () => {
    const { port, broker } = await startBroker();
    const client = await RawClient.connected(port, { will: { ...will, retain: true } });
    client.socket.destroy();
    await eventually(() => broker.stats().retained === 1);
  });
});

describe('keep alive', () => {
  it('ends a connection after one and a half times without a packet [MQTT-3.1.2-24]', async () => {
    const clock = new ManualClock(0);
    const { port, broker } = await startBroker({ clock });
    const client = await RawClient.connected(port, { keepAlive: 10 });
    const silent = await RawClient.connected(port, { clientId: 'no keep alive' });
    clock.advance(14_000);
    client.send(ping);
    await client.packet();
    clock.advance(15_000);
    expect(broker.stats().connections).toBe(2);
    clock.advance(2_000);
    await client.closed();
    silent.send(ping);
    expect((await silent.packet()).toString('hex')).toBe('d000');
  });

  it('is not kept by bytes that make no packet', async () => {
    const clock = new ManualClock(0);
    const { port, broker } = await startBroker({ clock });
    const client = await RawClient.connected(port, { keepAlive: 10 });
    const before = broker.stats().bytesReceived;
    clock.advance(14_000);
    client.send(Buffer.from([0x30]));
    await eventually(() => broker.stats().bytesReceived > before);
    clock.advance(2_000);
    await client.closed();
  });

  it('comes after CONNECT, for which a client has ten seconds', async () => {
    const clock = new ManualClock(0);
    const { port, broker } = await startBroker({ clock });
    const client = await RawClient.open(port);
    await eventually(() => broker.stats().connections === 1);
    clock.advance(12_000);
    await client.closed();
  });
});
