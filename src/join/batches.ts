import { type Clock, HearthError, sortableId } from '#kernel';
import { badLine, type CsvRow, readCsv } from './csv.ts';
import { deviceKeyOf } from './device-key.ts';
import { deviceName, deviceType, joinableId } from './schema.ts';
import type { BatchRecord, JoinStore, RegisteredKey } from './store.ts';

interface BatchesOptions {
  readonly store: JoinStore;
  readonly clock: Clock;
  /** Whether a device of that id has certificates already. */
  readonly isTaken: (deviceId: string) => boolean;
}

type NewKey = Omit<RegisteredKey, 'batchId' | 'claimedAtMs'>;

const mostRows = 10_000;
const mostKeys = 100_000;
const columns = { required: ['id', 'public_key'], optional: ['type', 'name'] };

/**
 * Keys of production batches: a secure element has its key before anyone plugs the device in, and
 * only that key may claim the id it is listed under.
 */
export class Batches {
  readonly #options: BatchesOptions;

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  /**
   * Takes in a list (CSV), all of it or nothing.
   * @throws HearthError `unprocessable` naming the line.
   */
  add(
    csv: string,
    { name, addedBy }: { readonly name: string; readonly addedBy: string },
  ): BatchRecord {
    const { store, clock } = this.#options;
    const rows = readCsv(csv, columns, mostRows);
    const keys = this.#keysOf(rows);
    if (store.keyCount + keys.length > mostKeys) {
      throw new HearthError('unprocessable', `this hub keeps at most ${mostKeys} registered keys`, {
        hint: 'Remove batches whose devices have all joined.',
      });
    }
    const addedAtMs = Math.floor(clock.nowMs());
    const batch = { id: sortableId(addedAtMs), name, addedAtMs, addedBy };
    store.addBatch(batch, keys);
    return { ...batch, devices: keys.length, claimed: 0 };
  }

  list(): BatchRecord[] {
    return this.#options.store.batches();
  }

  /** Forgets the keys of a batch; devices that joined with one stay. @throws HearthError `not_found`. */
  remove(id: string): void {
    if (this.#options.store.removeBatch(id)) return;
    throw new HearthError('not_found', 'there is no such batch', {
      field: 'id',
      hint: 'GET /api/v1/join/batch lists them.',
    });
  }

  /** The key that alone may claim this id. */
  keyOf(deviceId: string): RegisteredKey | undefined {
    return this.#options.store.key(deviceId);
  }

  markClaimed(deviceId: string): void {
    this.#options.store.markClaimed(deviceId, this.#options.clock.nowMs());
  }

  #keysOf(rows: readonly CsvRow[]): NewKey[] {
    const lineOfId = new Map<string, number>();
    const lineOfKey = new Map<string, number>();
    return rows.map((row) => {
      const key = this.#keyOf(row);
      const once = (seen: Map<string, number>, value: string, what: string) => {
        const before = seen.get(value);
        if (before !== undefined) throw badLine(row.line, `${what} is on line ${before} already`);
        seen.set(value, row.line);
      };
      once(lineOfId, key.deviceId, `the id "${key.deviceId}"`);
      once(lineOfKey, key.publicKey.toString('base64'), 'this public_key');
      return key;
    });
  }

  #keyOf({ line, values }: CsvRow): NewKey {
    const { store, isTaken } = this.#options;
    const { id: deviceId = '', public_key: keyText = '', type = '', name = '' } = values;
    if (!joinableId.safeParse(deviceId).success) {
      throw badLine(line, `id cannot be "${deviceId.slice(0, 80)}"`);
    }
    const publicKey = deviceKeyOf(keyText);
    if (publicKey === undefined) {
      throw badLine(
        line,
        'public_key is no P-256 key',
        'Write X and Y (64 bytes) in hex or base64, or SubjectPublicKeyInfo in base64.',
      );
    }
    if (type !== '' && !deviceType.safeParse(type).success) {
      throw badLine(line, `type cannot be "${type.slice(0, 60)}"`);
    }
    if (name !== '' && !deviceName.safeParse(name).success) {
      throw badLine(line, 'name is longer than 100 characters or holds control characters');
    }
    if (store.key(deviceId) !== undefined) {
      throw badLine(line, `"${deviceId}" is in another batch already`);
    }
    if (store.keyOf(publicKey) !== undefined) {
      throw badLine(line, 'this public_key is in another batch already');
    }
    if (isTaken(deviceId)) {
      throw badLine(line, `there is a device "${deviceId}" with a certificate already`);
    }
    return {
      deviceId,
      publicKey,
      type: type === '' ? undefined : type,
      name: name === '' ? undefined : name,
    };
  }
}
