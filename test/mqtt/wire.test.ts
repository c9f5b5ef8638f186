import { describe, expect, it } from 'vitest';
import {
  connect,
  disconnect,
  ping,
  publish,
  RawClient,
  startBroker,
  subscribe,
} from './harness.ts';

interface WireCase {
  readonly name: string;
  /** Bytes of the client. */
  readonly in: readonly (string | Buffer)[];
  /** Every byte of the broker, before it closes where it does. */
  readonly out: string;
  readonly closes?: boolean;
}

const mqtt = '00044d515454';
const accepted = '20020000';
const session = connect();
const longClientId = connect({ clientId: 'x'.repeat(257) });

const firstPackets: readonly WireCase[] = [
  // CONNECT
  { name: 'accepts a CONNECT [MQTT-3.1.4-4]', in: [session], out: accepted },
  {
    name: 'gives a client without an identifier one of its own [MQTT-3.1.3-6]',
    in: [connect({ clientId: '' })],
    out: accepted,
  },
  {
    name: 'answers level 3 with CONNACK 1 [MQTT-3.1.2-2]',
    in: [`100c${mqtt}03020000${'0000'}`],
    out: '20020001',
    closes: true,
  },
  {
    name: 'answers level 5 with CONNACK 1 [MQTT-3.1.2-2]',
    in: [`100d${mqtt}0502000000${'0000'}`],
    out: '20020001',
    closes: true,
  },
  {
    name: 'answers MQIsdp with CONNACK 1 [MQTT-3.1.2-2]',
    in: ['100f00064d514973647003020000000161'],
    out: '20020001',
    closes: true,
  },
  {
    name: 'closes on another protocol [MQTT-3.1.2-1]',
    in: ['100d00044d51545804020000000161'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on the reserved connect flag [MQTT-3.1.2-3]',
    in: [`100d${mqtt}04030000000161`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a password without a user name [MQTT-3.1.2-22]',
    in: [`1010${mqtt}04420000000161000170`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a will with QoS 3 [MQTT-3.1.2-14]',
    in: [`1013${mqtt}041e0000000161000174000170`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on will QoS without a will [MQTT-3.1.2-13]',
    in: [`100d${mqtt}040a0000000161`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on will retain without a will [MQTT-3.1.2-15]',
    in: [`100d${mqtt}04220000000161`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a wildcard in the will topic',
    in: [connect({ will: { topic: 'a/#', payload: '' } })],
    out: '',
    closes: true,
  },
  {
    name: 'answers no identifier with a lasting session with CONNACK 2 [MQTT-3.1.3-8]',
    in: [connect({ clientId: '', clean: false })],
    out: '20020002',
    closes: true,
  },
  {
    name: 'answers an endless identifier with CONNACK 2 [MQTT-3.1.3-9]',
    in: [longClientId],
    out: '20020002',
    closes: true,
  },
  {
    name: 'closes on an identifier that is not UTF-8 [MQTT-1.5.3-1]',
    in: [`100d${mqtt}040200000001ff`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on an identifier with a surrogate [MQTT-1.5.3-1]',
    in: [`100f${mqtt}040200000003eda080`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on an identifier with U+0000 [MQTT-1.5.3-2]',
    in: [`100d${mqtt}04020000000100`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a user name that is not UTF-8 [MQTT-3.1.3-11]',
    in: [`1010${mqtt}048200000001610001ff`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a will topic with U+0000 [MQTT-3.1.3-10]',
    in: [`1013${mqtt}04060000000161000100000170`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a CONNECT that is cut short',
    in: [`100c${mqtt}040200000001`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on bytes after the last field of CONNECT',
    in: [`100e${mqtt}0402000000016100`],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a first packet that is not CONNECT [MQTT-3.1.0-1]',
    in: [ping],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a second CONNECT [MQTT-3.1.0-2]',
    in: [session, session],
    out: '',
    closes: true,
  },
  {
    name: 'tells a refusal with its code [MQTT-3.2.2-5]',
    in: [connect({ username: 'stranger' })],
    out: '20020005',
    closes: true,
  },
];

/** What follows an accepted CONNECT. */
const inSession: readonly WireCase[] = [
  // PUBLISH
  {
    name: 'acknowledges QoS 1 [MQTT-3.3.4-1]',
    in: [publish('t', 'x', { qos: 1, id: 7 })],
    out: '40020007',
  },
  {
    name: 'acknowledges QoS 2 in two steps [MQTT-4.3.3-2]',
    in: [publish('t', 'x', { qos: 2, id: 7 }), '62020007'],
    out: '5002000770020007',
  },
  {
    name: 'answers PUBREL for an identifier it does not know',
    in: ['62020009'],
    out: '70020009',
  },
  {
    name: 'closes on packet identifier 0 [MQTT-2.3.1-1]',
    in: [publish('t', 'x', { qos: 1, id: 0 })],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a wildcard in a topic [MQTT-3.3.2-2]',
    in: [publish('a/+', 'x')],
    out: '',
    closes: true,
  },
  {
    name: 'closes on an empty topic [MQTT-4.7.3-1]',
    in: [publish('', 'x')],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a topic that is not UTF-8 [MQTT-1.5.3-1]',
    in: ['30030001c3'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a topic with U+0000 [MQTT-1.5.3-2]',
    in: ['3003000100'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a PUBLISH that is cut short',
    in: ['3203000174'],
    out: '',
    closes: true,
  },
  { name: 'closes on an empty PUBLISH', in: ['3000'], out: '', closes: true },
  {
    name: 'acknowledges a denied message and drops it',
    in: [publish('forbidden/x', 'x', { qos: 1, id: 4 })],
    out: '40020004',
  },
  {
    name: 'acknowledges a denied QoS 2 message and drops it',
    in: [publish('$hearth/x', 'x', { qos: 2, id: 4 }), '62020004'],
    out: '5002000470020004',
  },
  // SUBSCRIBE
  {
    name: 'answers SUBSCRIBE filter by filter [MQTT-3.8.4-5]',
    in: [subscribe(5, ['a', 0], ['b/#', 1], ['+', 2])],
    out: '90050005000102',
  },
  {
    name: 'refuses filters with 0x80, one by one',
    in: [subscribe(5, ['a', 1], ['forbidden/x', 1], ['$hearth/#', 0], ['b', 2])],
    out: '9006000501808002',
  },
  {
    name: 'answers UNSUBSCRIBE for what was never subscribed [MQTT-3.10.4-5]',
    in: ['a2050005000161'],
    out: 'b0020005',
  },
  {
    name: 'closes on SUBSCRIBE without a filter [MQTT-3.8.3-3]',
    in: ['82020005'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on UNSUBSCRIBE without a filter [MQTT-3.10.3-2]',
    in: ['a2020005'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a requested QoS of 3 [MQTT-3-8.3-4]',
    in: [subscribe(5, ['a', 3])],
    out: '',
    closes: true,
  },
  {
    name: 'closes on an ill-formed filter [MQTT-4.7.1-2]',
    in: [subscribe(5, ['a/#/b', 0])],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a filter that is not UTF-8 [MQTT-3.8.3-1]',
    in: ['820600050001ff00'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a filter with U+0000 to unsubscribe [MQTT-1.5.3-2]',
    in: ['a2050005000100'],
    out: '',
    closes: true,
  },
  // The rest
  { name: 'answers PINGREQ [MQTT-3.12.4-1]', in: [ping], out: 'd000' },
  {
    name: 'answers PUBREC with PUBREL [MQTT-4.3.3-1]',
    in: ['50020009'],
    out: '62020009',
  },
  {
    name: 'closes on DISCONNECT [MQTT-3.14.4-2]',
    in: [disconnect],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a packet of servers',
    in: ['9003000500'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on a packet above the limit',
    in: ['30ffff7f'],
    out: '',
    closes: true,
  },
  {
    name: 'closes on an acknowledgment of three bytes',
    in: ['4003000100'],
    out: '',
    closes: true,
  },
];

async function expectExchange(client: RawClient, { in: input, out, closes }: WireCase) {
  client.send(...input.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  if (closes) {
    await client.closed();
    expect(client.waiting.toString('hex')).toBe(out);
    return;
  }
  expect(await client.take(out.length / 2)).toBe(out);
  // It is still there, and nothing else was sent.
  client.send(ping);
  expect((await client.packet()).toString('hex')).toBe('d000');
}

describe('on the wire, the broker', () => {
  it.each(firstPackets)('$name', async (wireCase) => {
    const { port } = await startBroker();
    await expectExchange(await RawClient.open(port), wireCase);
  });

  it.each(inSession)('$name', async (wireCase) => {
    const { port } = await startBroker();
    await expectExchange(await RawClient.connected(port), wireCase);
  });

  it('holds what comes with CONNECT until CONNACK [MQTT-3.2.0-1]', async () => {
    const { port } = await startBroker();
    const client = await RawClient.open(port);
    client.send(
      session,
      publish('t', 'x', { qos: 1, id: 3 }),
      publish('t', 'y', { qos: 1, id: 4 }),
    );
    expect(await client.take(12)).toBe(`${accepted}4002000340020004`);
  });

  it('accepts what it is given byte by byte', async () => {
    const { port } = await startBroker();
    const client = await RawClient.open(port);
    const bytes = Buffer.concat([session, publish('t', 'x', { qos: 1, id: 9 })]);
    for (const byte of bytes) client.socket.write(Buffer.from([byte]));
    expect(await client.take(8)).toBe(`${accepted}40020009`);
  });
});
