import type { Counters } from '../counters.ts';
import { policy } from '../limits.ts';
import type { GroupedLevel } from '../store/grouped-level.ts';
import type { Qos } from '../wire/packets.ts';

/** A message on its way to one session. */
export interface QueuedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
}

/** What Aedes reads back when the client returns. */
export interface StoredPacket extends QueuedMessage {
  readonly cmd: 'publish' | 'pubrel';
  readonly brokerId: string;
  readonly brokerCounter: number;
  readonly messageId: number | undefined;
  readonly retain: false;
  /** Set once an earlier connection of the session may have carried it [MQTT-3.3.1-1]. */
  readonly dup: boolean;
}

/** Bytes that all queues hold together. */
export interface QueueBudget {
  bytes: number;
}

interface Entry {
  /** Aedes's number of the message; it only rises, so it is also the order of the queue. */
  readonly counter: number;
  readonly bytes: number;
  /** 0 until the message is first sent. */
  packetId: number;
  /** Whether PUBREC came: PUBREL takes the message's place [MQTT-4.3.3-1]. */
  released: boolean;
  /** Handed to the connection that is there now. */
  sent: boolean;
}

export const queuePrefix = 'queue:';
export const sentPrefix = 'sent:';
const brokerId = 'hearth';

/**
 * The messages with QoS > 0 of one stored session, oldest first, on disk from before their publisher
 * is acknowledged until their receiver has acknowledged them. Bounded: the oldest that is not on the
 * wire goes first. aedes-persistence-level has such a queue, but without a bound, without DUP, and in
 * an order that a restart of the broker breaks.
 */
export class OutgoingQueue {
  readonly #key: string;
  readonly #level: GroupedLevel;
  readonly #limit: number;
  readonly #budget: QueueBudget;
  readonly #counters: Counters;
  readonly #entries = new Map<number, Entry>();
  readonly #byPacketId = new Map<number, Entry>();
  #bytes = 0;
  /** False from CONNECT until what was stored has been sent again. */
  #live = false;

  constructor(
    clientKey: string,
    level: GroupedLevel,
    limit: number,
    budget: QueueBudget,
    counters: Counters,
  ) {
    this.#key = clientKey;
    this.#level = level;
    this.#limit = limit;
    this.#budget = budget;
    this.#counters = counters;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes in an entry that was found on disk; called in the order of the counters. */
  restore(counter: number, bytes: number, sent: Buffer | undefined): void {
    const packetId = sent === undefined ? 0 : sent.readUInt16BE(0);
    const entry = { counter, bytes, packetId, released: sent?.[2] === 1, sent: false };
    this.#insert(entry);
    if (packetId > 0) this.#byPacketId.set(packetId, entry);
    this.#bound();
  }

  /** Stores a message; the promise settles once it is on disk. */
  enqueue(counter: number, message: QueuedMessage): Promise<void> {
    const value = encodeMessage(message);
    this.#insert({ counter, bytes: value.length, packetId: 0, released: false, sent: false });
    const stored = this.#level.put(this.#messageKey(counter), value);
    this.#bound();
    return stored;
  }

  /** A connection began: everything that is not acknowledged is to be sent again [MQTT-4.4.0-1]. */
  rewind(): void {
    this.#live = false;
    for (const entry of this.#entries.values()) entry.sent = false;
  }

  /**
   * Whether a message that is being routed now goes to the connection now. It does not when the
   * replay of the queue has it or will come to it.
   */
  claim(counter: number): boolean {
    const entry = this.#entries.get(counter);
    if (entry === undefined) return true;
    if (!this.#live || entry.sent) return false;
    entry.sent = true;
    return true;
  }

  /** Gives a message its packet identifier: `wanted`, or the next that is free [MQTT-2.3.1-2]. */
  assign(counter: number, wanted: number): number {
    const entry = this.#entries.get(counter);
    if (entry?.packetId) return entry.packetId;
    let packetId = wanted;
    while (this.#byPacketId.has(packetId)) packetId = packetId === 65_535 ? 1 : packetId + 1;
    if (entry !== undefined) {
      entry.packetId = packetId;
      this.#byPacketId.set(packetId, entry);
      this.#remember(entry);
    }
    return packetId;
  }

  /** Whether a message that is to be sent, or sent again, has this packet identifier. */
  uses(packetId: number): boolean {
    return this.#byPacketId.has(packetId);
  }

  /** PUBREC came: from now on only PUBREL is sent for this identifier. */
  release(packetId: number): void {
    const entry = this.#byPacketId.get(packetId);
    if (entry === undefined || entry.released) return;
    entry.released = true;
    this.#remember(entry);
  }

  /** PUBACK or PUBCOMP came, or the message is given up: it is done with. */
  acknowledge(packetId: number): void {
    const entry = this.#byPacketId.get(packetId);
    if (entry !== undefined) this.#remove(entry);
  }

  /** A message that its receiver is not, or no longer, to have. */
  drop(counter: number): void {
    const entry = this.#entries.get(counter);
    if (entry !== undefined) this.#remove(entry);
  }

  clear(): void {
    for (const entry of [...this.#entries.values()]) this.#remove(entry);
  }

  /** Everything stored, in order, with what arrives meanwhile; the queue is live once it ends. */
  async *replay(): AsyncGenerator<StoredPacket> {
    for (const entry of this.#entries.values()) {
      if (entry.sent) continue;
      entry.sent = true;
      const value = await this.#level.get(this.#messageKey(entry.counter));
      const message = value === undefined ? undefined : decodeMessage(value);
      if (message === undefined) {
        this.#remove(entry);
        continue;
      }
      yield {
        ...message,
        cmd: entry.released ? 'pubrel' : 'publish',
        brokerId,
        brokerCounter: entry.counter,
        messageId: entry.packetId || undefined,
        retain: false,
        dup: entry.packetId > 0 && !entry.released,
      };
    }
    this.#live = true;
  }

  #insert(entry: Entry): void {
    this.#entries.set(entry.counter, entry);
    this.#bytes += entry.bytes;
    this.#budget.bytes += entry.bytes;
  }

  #bound(): void {
    while (
      this.#entries.size > this.#limit ||
      (this.#entries.size > 1 &&
        (this.#bytes > policy.queuedBytes || this.#budget.bytes > policy.queuedBytesInAll))
    ) {
      const oldest = this.#oldestToDrop();
      if (oldest === undefined) return;
      this.#remove(oldest);
      this.#counters.dropped.queueFull += 1;
    }
  }

  #oldestToDrop(): Entry | undefined {
    for (const entry of this.#entries.values()) if (!entry.sent) return entry;
    return this.#entries.values().next().value;
  }

  #remember(entry: Entry): void {
    const value = Buffer.from([entry.packetId >> 8, entry.packetId & 255, entry.released ? 1 : 0]);
    void this.#level.put(this.#sentKey(entry.counter), value);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.counter);
    this.#bytes -= entry.bytes;
    this.#budget.bytes -= entry.bytes;
    void this.#level.del(this.#messageKey(entry.counter));
    if (entry.packetId === 0) return;
    this.#byPacketId.delete(entry.packetId);
    void this.#level.del(this.#sentKey(entry.counter));
  }

  #messageKey(counter: number): string {
    return `${queuePrefix}${this.#key}:${padded(counter)}`;
  }

  #sentKey(counter: number): string {
    return `${sentPrefix}${this.#key}:${padded(counter)}`;
  }
}

/** Wide enough for every safe integer, so that keys sort as numbers do. */
const padded = (counter: number): string => String(counter).padStart(16, '0');

function encodeMessage(message: QueuedMessage): Buffer {
  const topic = Buffer.from(message.topic);
  const header = Buffer.from([message.qos, topic.length >> 8, topic.length & 255]);
  return Buffer.concat([header, topic, message.payload]);
}

function decodeMessage(value: Buffer): QueuedMessage | undefined {
  if (value.length < 3) return undefined;
  const payloadStart = 3 + value.readUInt16BE(1);
  const topic = value.toString('utf8', 3, payloadStart);
  return { topic, payload: value.subarray(payloadStart), qos: (value[0] === 2 ? 2 : 1) as Qos };
}
