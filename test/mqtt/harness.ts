import { connect as connectTcp, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Clock, silentLog, systemClock } from '#kernel';
import {
  type Accept,
  Broker,
  type BrokerLimits,
  type ConnectAttempt,
  type DeniedAttempt,
  type Gate,
  type Identity,
  type Refusal,
  type StoreIncident,
} from '#mqtt';
import { temporaryDirectory } from '../support/directory.ts';

export const roomyLimits: BrokerLimits = {
  connections: 2000,
  connectsPerSecond: 2000,
  packetBytes: 256 * 1024,
  subscriptions: 100,
  inflight: 256,
  queued: 1000,
  retained: 10_000,
  messagesPerSecond: 100_000,
};

/** A gate whose answers a test sets: everyone is let in as a service and may do everything. */
export class OpenGate implements Gate {
  readonly denials: DeniedAttempt[] = [];
  readonly events: string[] = [];
  readonly subscriptions: string[] = [];
  onSubscribed: ((identity: Identity, filter: string) => void) | undefined;
  onConnected: ((identity: Identity) => void) | undefined;
  accept: Accept | undefined;
  mayRetain = true;
  forbidden = /^forbidden\//;

  async authenticate(attempt: ConnectAttempt): Promise<Identity | Refusal> {
    if (attempt.username === 'stranger') return { refused: 'not_authorized', reason: 'a stranger' };
    return { kind: 'service', name: attempt.username ?? 'anyone' };
  }

  mayPublish(_identity: Identity, topic: string) {
    if (this.forbidden.test(topic)) return { allowed: false as const };
    return { allowed: true as const, accept: this.accept, mayRetain: this.mayRetain };
  }

  maySubscribe(_identity: Identity, filter: string): boolean {
    return !this.forbidden.test(filter);
  }

  mayReceive(_identity: Identity, topic: string): boolean {
    return !this.forbidden.test(topic);
  }

  denied(attempt: DeniedAttempt): void {
    this.denials.push(attempt);
  }

  connected(identity: Identity, clientId: string): void {
    this.events.push(`+${identity.name}/${clientId}`);
    this.onConnected?.(identity);
  }

  disconnected(identity: Identity, clientId: string): void {
    this.events.push(`-${identity.name}/${clientId}`);
  }

  subscribed(identity: Identity, filter: string): void {
    this.subscriptions.push(`${identity.name}: ${filter}`);
    this.onSubscribed?.(identity, filter);
  }
}

export interface TestBroker {
  readonly broker: Broker;
  readonly gate: OpenGate;
  readonly directory: string;
  readonly port: number;
  readonly incidents: StoreIncident[];
}

export interface TestBrokerOptions {
  readonly limits?: Partial<BrokerLimits>;
  readonly clock?: Clock;
  readonly gate?: OpenGate;
  readonly directory?: string;
}

/** A broker on a free port of loopback; it is stopped when the test has finished. */
export async function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const gate = options.gate ?? new OpenGate();
  const directory = options.directory ?? (await temporaryDirectory());
  const incidents: StoreIncident[] = [];
  const broker = new Broker({
    gate,
    directory,
    limits: { ...roomyLimits, ...options.limits },
    clock: options.clock ?? systemClock,
    log: silentLog,
    onIncident: (incident) => incidents.push(incident),
  });
  await broker.start();
  onTestFinished(() => broker.stop());
  const { port } = await broker.listenTcp({ address: '127.0.0.1', port: 0 });
  return { broker, gate, directory, port, incidents };
}

/** Settles once `condition` holds; it is looked at after every turn of the event loop. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1);
}

/** Lets the event loop go round, so that whatever is under way on loopback has arrived. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A client that speaks bytes. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #taken = 0;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.waiting, chunk]);
      this.#taken = 0;
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
    onTestFinished(() => void socket.destroy());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Connects and takes the CONNACK. */
  static async connected(port: number, options: ConnectOptions = {}): Promise<RawClient> {
    const client = await RawClient.open(port);
    client.send(connect(options));
    await client.take(4);
    return client;
  }

  send(...packets: Buffer[]): void {
    this.socket.write(Buffer.concat(packets));
  }

  /** Bytes that arrived and were not taken. */
  get waiting(): Buffer {
    return this.#received.subarray(this.#taken);
  }

  /** The next `count` bytes, as hex. */
  async take(count: number): Promise<string> {
    await this.#until(() => this.waiting.length >= count);
    const bytes = this.waiting.subarray(0, count);
    this.#taken += count;
    return bytes.toString('hex');
  }

  /** The next packet of the broker. */
  async packet(): Promise<Buffer> {
    await this.#until(() => frameLength(this.waiting) !== undefined);
    const length = frameLength(this.waiting) as number;
    const bytes = this.waiting.subarray(0, length);
    this.#taken += length;
    return bytes;
  }

  /** Settles when the broker has closed the connection. */
  async closed(): Promise<void> {
    while (!this.#closed) await this.#changed();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#closed)
        throw new Error(`closed after ${this.#received.toString('hex') || 'nothing'}`);
      await this.#changed();
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function frameLength(bytes: Buffer): number | undefined {
  let length = 0;
  for (let i = 1; i < 5 && i < bytes.length; i++) {
    const digit = bytes[i] as number;
    length += (digit & 127) * 128 ** (i - 1);
    if (digit < 128) return bytes.length >= i + 1 + length ? i + 1 + length : undefined;
  }
  return undefined;
}

export interface ConnectOptions {
  readonly clientId?: string;
  readonly clean?: boolean;
  readonly keepAlive?: number;
  readonly username?: string;
  readonly will?: { topic: string; payload: string; qos?: number; retain?: boolean };
}

const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

export function frame(first: number, ...body: Buffer[]): Buffer {
  const bytes = Buffer.concat(body);
  const header = [first];
  let rest = bytes.length;
  do {
    header.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), bytes]);
}

export function connect(options: ConnectOptions = {}): Buffer {
  const { clientId = 'c', clean = true, keepAlive = 0, username, will } = options;
  const willFlags = will ? 4 | ((will.qos ?? 0) << 3) | (will.retain ? 32 : 0) : 0;
  const flags = (clean ? 2 : 0) | willFlags | (username === undefined ? 0 : 128);
  return frame(
    0x10,
    text('MQTT'),
    Buffer.from([4, flags, keepAlive >> 8, keepAlive & 255]),
    text(clientId),
    ...(will ? [text(will.topic), text(will.payload)] : []),
    ...(username === undefined ? [] : [text(username)]),
  );
}

export interface PublishOptions {
  readonly qos?: 0 | 1 | 2;
  readonly id?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
}

export function publish(topic: string, payload: string, options: PublishOptions = {}): Buffer {
  const { qos = 0, id = 1, retain = false, dup = false } = options;
  const packetId = qos === 0 ? Buffer.alloc(0) : Buffer.from([id >> 8, id & 255]);
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  return frame(first, text(topic), packetId, Buffer.from(payload));
}

export const subscribe = (id: number, ...filters: [string, number][]): Buffer =>
  frame(
    0x82,
    Buffer.from([id >> 8, id & 255]),
    ...filters.map(([filter, qos]) => Buffer.concat([text(filter), Buffer.from([qos])])),
  );

export const unsubscribe = (id: number, ...filters: string[]): Buffer =>
  frame(0xa2, Buffer.from([id >> 8, id & 255]), ...filters.map(text));

export const disconnect = Buffer.from('e000', 'hex');
export const ping = Buffer.from('c000', 'hex');

/** PUBACK 40, PUBREC 50, PUBREL 62, PUBCOMP 70 in hex, as the broker would write them. */
export const ack = (first: string, id: number): Buffer =>
  Buffer.from(`${first}02${id.toString(16).padStart(4, '0')}`, 'hex');

/** What a PUBLISH of the broker says. */
export function readPublish(packet: Buffer) {
  const first = packet[0] as number;
  const qos = (first >> 1) & 3;
  const topicEnd = 4 + packet.readUInt16BE(2);
  return {
    dup: (first & 8) !== 0,
    qos,
    retain: (first & 1) !== 0,
    topic: packet.toString('utf8', 4, topicEnd),
    id: qos > 0 ? packet.readUInt16BE(topicEnd) : 0,
    payload: packet.toString('utf8', qos > 0 ? topicEnd + 2 : topicEnd),
  };
}
