import { unknownDevice } from '#auth';
import { type Clock, HearthError, hashSecret, randomSecret } from '#kernel';
import type { ApiKeys, NewApiKey, PreviousApiKey } from './api-keys.ts';
import { checkNewDeviceId, type DeviceChanges, type NewDevice } from './schema.ts';
import type { DeviceStore } from './store.ts';
import type { DeviceRecord } from './types.ts';

const mostDevices = 10_000;

/**
 * Devices and the hashes of their API keys: all in memory, every change on disk before it shows.
 * `note` writes down a change in its transaction: what cannot be written down does not happen.
 */
export class Registry {
  readonly #store: DeviceStore;
  readonly #clock: Clock;
  readonly #devices = new Map<string, DeviceRecord>();
  readonly #keys: ApiKeys;

  constructor(store: DeviceStore, clock: Clock, keys: ApiKeys) {
    this.#store = store;
    this.#clock = clock;
    this.#keys = keys;
  }

  load(): void {
    for (const device of this.#store.devices()) this.#devices.set(device.id, device);
    this.#keys.load();
  }

  get size(): number {
    return this.#devices.size;
  }

  find(id: string): DeviceRecord | undefined {
    return this.#devices.get(id);
  }

  /** @throws HearthError `not_found`. */
  get(id: string): DeviceRecord {
    const device = this.#devices.get(id);
    if (device === undefined) {
      throw unknownDevice(id);
    }
    return device;
  }

  list(): DeviceRecord[] {
    return [...this.#devices.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** @throws HearthError `conflict` for an id that is taken, `unprocessable` for one that cannot be. */
  create(input: NewDevice, note: () => void): { device: DeviceRecord; apiKey: string } {
    const id = checkNewDeviceId(input.id);
    if (this.#devices.has(id)) {
      throw new HearthError('conflict', `there is a device "${id}" already`, {
        field: 'id',
        hint: 'Choose another id, or change that device.',
      });
    }
    if (this.#devices.size >= mostDevices) {
      throw new HearthError('unprocessable', `this hub keeps at most ${mostDevices} devices`, {
        hint: 'Remove devices that are gone for good.',
      });
    }
    const nowMs = this.#clock.nowMs();
    const device: DeviceRecord = {
      id,
      name: input.name ?? id,
      description: input.description ?? '',
      type: input.type ?? 'generic',
      room: input.room ?? null,
      state: 'active',
      firmwareVersion: input.firmware_version ?? null,
      hardwareVersion: input.hardware_version ?? null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    const apiKey = randomSecret();
    const hash = hashSecret(apiKey);
    this.#store.atomically(() => {
      this.#store.addDevice(device, hash);
      note();
    });
    this.#devices.set(id, device);
    this.#keys.take(id, hash);
    return { device, apiKey };
  }

  /** @throws HearthError `not_found`. */
  update(id: string, changes: DeviceChanges, note: () => void): DeviceRecord {
    const before = this.get(id);
    const device: DeviceRecord = {
      ...before,
      name: changes.name ?? before.name,
      description: changes.description ?? before.description,
      type: changes.type ?? before.type,
      room: changes.room === undefined ? before.room : changes.room,
      state: changes.state ?? before.state,
      firmwareVersion:
        changes.firmware_version === undefined ? before.firmwareVersion : changes.firmware_version,
      hardwareVersion:
        changes.hardware_version === undefined ? before.hardwareVersion : changes.hardware_version,
      updatedAtMs: this.#clock.nowMs(),
    };
    this.#store.atomically(() => {
      this.#store.updateDevice(device);
      note();
    });
    this.#devices.set(id, device);
    return device;
  }

  remove(id: string, note: () => void): void {
    this.#store.atomically(() => {
      this.#store.removeDevice(id);
      note();
    });
    this.#devices.delete(id);
    this.#keys.forget(id);
  }

  /** Takes the room out of the devices that were in it; the database did so by itself. */
  leaveRoom(roomId: string): DeviceRecord[] {
    const moved: DeviceRecord[] = [];
    for (const device of this.#devices.values()) {
      if (device.room === roomId) moved.push({ ...device, room: null });
    }
    for (const device of moved) this.#devices.set(device.id, device);
    return moved;
  }

  /** Gives a device a new API key; see `ApiKeys.rotate`. @throws HearthError `not_found`, `unprocessable`. */
  rotateKey(id: string, overlapMs: number, note: () => void): NewApiKey {
    this.get(id);
    return this.#keys.rotate(id, overlapMs, note);
  }

  /** Voids its newest key and the one before it. */
  revokeKeys(id: string): void {
    this.#keys.revoke(id);
  }

  /** Voids the key before the newest one. @throws HearthError `not_found`. */
  revokePreviousKey(id: string, note: () => void): void {
    this.get(id);
    this.#keys.revokePrevious(id, note);
  }

  /** The key before the newest one, while it still works. */
  previousKeyOf(id: string): PreviousApiKey | undefined {
    return this.#keys.previousOf(id);
  }

  deviceOfKey(apiKey: string): DeviceRecord | undefined {
    const id = this.#keys.deviceOf(apiKey);
    return id === undefined ? undefined : this.#devices.get(id);
  }
}
