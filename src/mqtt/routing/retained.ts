import type { LevelPersistence, StoredMessage } from 'aedes-persistence-level';
import type { Counters } from '../counters.ts';
import { policy } from '../limits.ts';
import type { Qos } from '../wire/packets.ts';
import { matchesFilter } from '../wire/topics.ts';

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
}

/**
 * The last retained message of each topic: on disk in aedes-persistence-level, and all of them in
 * memory too, so that a SUBSCRIBE does not read the whole store. Bounded in number and in bytes;
 * topics beyond the bound are delivered but not kept.
 */
export class Retained {
  readonly #records: LevelPersistence;
  readonly #limit: number;
  readonly #counters: Counters;
  readonly #messages = new Map<string, RetainedMessage>();
  #bytes = 0;

  constructor(records: LevelPersistence, limit: number, counters: Counters) {
    this.#records = records;
    this.#limit = limit;
    this.#counters = counters;
  }

  get size(): number {
    return this.#messages.size;
  }

  async load(): Promise<void> {
    for await (const { topic, payload, qos } of this.#records.createRetainedStream('#')) {
      const message = { topic, payload, qos };
      if (this.#hasRoomFor(message)) this.#keep(message);
      else await this.#records.storeRetained(emptyRetained(topic));
    }
  }

  /**
   * Keeps, replaces [MQTT-3.3.1-5] or, when the payload is empty, removes [MQTT-3.3.1-10] the message
   * of its topic; settles once that is on disk.
   */
  async store(message: RetainedMessage): Promise<void> {
    const { topic, qos } = message;
    if (message.payload.length === 0) {
      if (!this.#messages.has(topic)) return;
      this.#remove(topic);
      await this.#records.storeRetained(emptyRetained(topic));
      return;
    }
    if (!this.#hasRoomFor(message)) {
      this.#counters.dropped.retainedFull += 1;
      return;
    }
    // Copied: a payload shares the memory of everything that its packet arrived with.
    const kept = { topic, payload: Buffer.from(message.payload), qos };
    this.#keep(kept);
    await this.#records.storeRetained({ ...kept, retain: true });
  }

  *matching(filter: string): Generator<RetainedMessage> {
    if (!filter.includes('+') && !filter.includes('#')) {
      const message = this.#messages.get(filter);
      if (message !== undefined) yield message;
      return;
    }
    for (const message of this.#messages.values()) {
      if (matchesFilter(filter, message.topic)) yield message;
    }
  }

  #hasRoomFor(message: RetainedMessage): boolean {
    const replaced = this.#messages.get(message.topic);
    if (replaced === undefined && this.#messages.size >= this.#limit) return false;
    const freed = replaced === undefined ? 0 : sizeOf(replaced);
    return this.#bytes - freed + sizeOf(message) <= policy.retainedBytes;
  }

  #keep(message: RetainedMessage): void {
    const replaced = this.#messages.get(message.topic);
    this.#bytes += sizeOf(message) - (replaced === undefined ? 0 : sizeOf(replaced));
    this.#messages.set(message.topic, message);
  }

  #remove(topic: string): void {
    const message = this.#messages.get(topic);
    if (message === undefined) return;
    this.#messages.delete(topic);
    this.#bytes -= sizeOf(message);
  }
}

const sizeOf = (message: RetainedMessage): number => message.payload.length + message.topic.length;

const emptyRetained = (topic: string): StoredMessage => ({
  topic,
  payload: Buffer.alloc(0),
  qos: 0,
  retain: true,
});
