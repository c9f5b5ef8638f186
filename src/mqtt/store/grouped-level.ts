import { crc32 } from 'node:zlib';
import type { ClassicLevel } from 'classic-level';
import type { HighWaterMark } from './high-water.ts';

export type Level = ClassicLevel<string, Buffer>;
type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: string };
type Range = { readonly gte: string; readonly lt: string };
/** `undefined` stands for a deletion. */
type Group = Map<string, Buffer | undefined>;

/** How many groups were written; in the store itself, beside the mark in its own file. */
export const writesKey = '~writes';

export interface GroupedLevelOptions {
  readonly mark: HighWaterMark;
  /** Groups that were written before. */
  readonly writes: number;
  /** A group could not be written; its writers know. */
  readonly onFailure: (error: unknown) => void;
  /** A value does not fit its checksum; it reads as absent. */
  readonly onDamage: (key: string) => void;
}

/**
 * The few methods of a level database that aedes-persistence-level and the session queues use. A
 * write returns once it is on disk; all writes that arrive while one sync is under way share the
 * next. Reads see what is written, synced or not. Every value carries a CRC-32: LevelDB, as it is
 * built here, does not verify its own.
 */
export class GroupedLevel {
  readonly #db: Level;
  readonly #mark: HighWaterMark;
  readonly #onFailure: (error: unknown) => void;
  readonly #onDamage: (key: string) => void;
  #writes: number;
  #next: Group = new Map();
  #syncing: Group = new Map();
  #nextDone = Promise.withResolvers<void>();
  #syncingDone: Promise<void> | undefined;

  constructor(db: Level, options: GroupedLevelOptions) {
    this.#db = db;
    this.#mark = options.mark;
    this.#writes = options.writes;
    this.#onFailure = options.onFailure;
    this.#onDamage = options.onDamage;
  }

  put(key: string, value: Uint8Array): Promise<void> {
    this.#next.set(key, Buffer.from(value));
    return this.#scheduled();
  }

  del(key: string): Promise<void> {
    this.#next.set(key, undefined);
    return this.#scheduled();
  }

  async batch(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return;
    for (const operation of operations) {
      this.#next.set(operation.key, operation.type === 'put' ? operation.value : undefined);
    }
    await this.#scheduled();
  }

  /** Settles with every write that was asked for so far; nothing when there is none under way. */
  settled(): Promise<void> | undefined {
    return this.#next.size > 0 ? this.#nextDone.promise : this.#syncingDone;
  }

  async get(key: string): Promise<Buffer | undefined> {
    for (const group of [this.#next, this.#syncing]) {
      if (group.has(key)) return group.get(key);
    }
    const stored = await this.#db.get(key);
    return stored === undefined ? undefined : this.#open(key, stored);
  }

  async *entries(range: Range): AsyncGenerator<[string, Buffer]> {
    await this.settled();
    for await (const [key, stored] of this.#db.iterator(range)) {
      const value = this.#open(key, stored);
      if (value !== undefined) yield [key, value];
    }
  }

  async *values(range: Range): AsyncGenerator<Buffer> {
    for await (const [, value] of this.entries(range)) yield value;
  }

  async clear(range: Range): Promise<void> {
    await this.settled();
    const keys = await this.#db.keys(range).all();
    await this.batch(keys.map((key) => ({ type: 'del', key })));
  }

  async close(): Promise<void> {
    await this.settled()?.catch(() => undefined);
    await this.#db.close();
    await this.#mark.close();
  }

  #scheduled(): Promise<void> {
    const done = this.#nextDone;
    if (this.#next.size > 0 && this.#syncingDone === undefined) {
      this.#syncingDone = done.promise;
      // The turn of the event loop ends first: what it still writes joins this group.
      setImmediate(() => void this.#sync());
    }
    return done.promise;
  }

  async #sync(): Promise<void> {
    while (this.#next.size > 0) {
      const group = this.#next;
      const done = this.#nextDone;
      this.#syncing = group;
      this.#next = new Map();
      this.#nextDone = Promise.withResolvers<void>();
      this.#syncingDone = done.promise;
      // Whoever does not wait for a write must not bring the hub down with it.
      done.promise.catch(() => undefined);
      try {
        this.#writes += 1;
        group.set(writesKey, Buffer.from(String(this.#writes)));
        const operations = [...group].map(([key, value]) => toOperation(key, value));
        await this.#db.batch(operations, { sync: true });
        this.#mark.record(this.#writes);
        done.resolve();
      } catch (error) {
        done.reject(error);
        this.#onFailure(error);
      }
    }
    this.#syncing = new Map();
    this.#syncingDone = undefined;
  }

  #open(key: string, stored: Buffer): Buffer | undefined {
    const value = unseal(key, stored);
    if (value === undefined) this.#onDamage(key);
    return value;
  }
}

function toOperation(key: string, value: Buffer | undefined): Operation {
  return value === undefined ? { type: 'del', key } : { type: 'put', key, value: seal(key, value) };
}

/** The key is part of the checksum, so that a value never answers for another key. */
function seal(key: string, value: Buffer): Buffer {
  const sealed = Buffer.allocUnsafe(4 + value.length);
  sealed.writeUInt32BE(crc32(value, crc32(key)), 0);
  value.copy(sealed, 4);
  return sealed;
}

export function unseal(key: string, sealed: Buffer): Buffer | undefined {
  if (sealed.length < 4) return undefined;
  const value = sealed.subarray(4);
  return crc32(value, crc32(key)) === sealed.readUInt32BE(0) ? value : undefined;
}
