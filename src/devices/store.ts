import type { Db } from '#db';
import type { DeviceRecord, DeviceState, Room } from './types.ts';

interface DeviceRow {
  id: string;
  name: string;
  description: string;
  type: string;
  room: string | null;
  state: DeviceState;
  firmware_version: string | null;
  hardware_version: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

/** A key that a newer one has taken the place of. */
export interface PreviousKeyRow {
  deviceId: string;
  hash: string;
  validUntilMs: number;
  lastUsedAtMs: number | null;
}

/** The tables of this slice: devices, rooms, api_keys, sensitive_metrics, device_state. */
export class DeviceStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  devices(): DeviceRecord[] {
    const rows = this.#db.prepare<[], DeviceRow>('SELECT * FROM devices ORDER BY id').all();
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      description: row.description,
      type: row.type,
      room: row.room,
      state: row.state,
      firmwareVersion: row.firmware_version,
      hardwareVersion: row.hardware_version,
      createdAtMs: row.created_at_ms,
      updatedAtMs: row.updated_at_ms,
    }));
  }

  /** Adds a device together with the hash of its first API key. */
  addDevice(device: DeviceRecord, apiKeyHash: string): void {
    this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT INTO devices VALUES (@id, @name, @description, @type, @room, @state,
             @firmwareVersion, @hardwareVersion, @createdAtMs, @updatedAtMs)`,
        )
        .run(device);
      this.setApiKey(device.id, apiKeyHash, device.createdAtMs);
    })();
  }

  updateDevice(device: DeviceRecord): void {
    this.#db
      .prepare(
        `UPDATE devices SET name = @name, description = @description, type = @type, room = @room,
           state = @state, firmware_version = @firmwareVersion,
           hardware_version = @hardwareVersion, updated_at_ms = @updatedAtMs WHERE id = @id`,
      )
      .run(device);
  }

  /** Removes a device; its key and state go with it (ON DELETE CASCADE). */
  removeDevice(id: string): void {
    this.#db.prepare('DELETE FROM devices WHERE id = ?').run(id);
  }

  rooms(): Room[] {
    return this.#db
      .prepare<[], Room>('SELECT id, name, position AS "order" FROM rooms ORDER BY position, name')
      .all();
  }

  putRoom(room: Room): void {
    this.#db
      .prepare(
        `INSERT INTO rooms (id, name, position) VALUES (@id, @name, @order)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, position = excluded.position`,
      )
      .run(room);
  }

  /** Removes a room; its devices stay, in no room (ON DELETE SET NULL). */
  removeRoom(id: string): void {
    this.#db.prepare('DELETE FROM rooms WHERE id = ?').run(id);
  }

  apiKeys(): { deviceId: string; hash: string }[] {
    return this.#db
      .prepare<[], { deviceId: string; hash: string }>(
        'SELECT device_id AS deviceId, hash FROM api_keys',
      )
      .all();
  }

  setApiKey(deviceId: string, hash: string, nowMs: number): void {
    this.#db
      .prepare(
        `INSERT INTO api_keys (device_id, hash, created_at_ms) VALUES (?, ?, ?)
         ON CONFLICT (device_id) DO UPDATE
           SET hash = excluded.hash, created_at_ms = excluded.created_at_ms`,
      )
      .run(deviceId, hash, nowMs);
  }

  /** Sets a new key; the one that it had becomes the previous one, which works until then. */
  replaceApiKey(
    deviceId: string,
    hash: string,
    { nowMs, validUntilMs }: { readonly nowMs: number; readonly validUntilMs: number | undefined },
  ): void {
    this.#db.transaction(() => {
      this.removePreviousApiKey(deviceId);
      if (validUntilMs !== undefined) {
        this.#db
          .prepare(
            `INSERT INTO previous_api_keys (device_id, hash, valid_until_ms)
             SELECT device_id, hash, ? FROM api_keys WHERE device_id = ?`,
          )
          .run(Math.floor(validUntilMs), deviceId);
      }
      this.setApiKey(deviceId, hash, nowMs);
    })();
  }

  previousApiKeys(): PreviousKeyRow[] {
    return this.#db
      .prepare<[], PreviousKeyRow>(
        `SELECT device_id AS deviceId, hash, valid_until_ms AS validUntilMs,
           last_used_at_ms AS lastUsedAtMs FROM previous_api_keys`,
      )
      .all();
  }

  setPreviousKeyUse(deviceId: string, usedAtMs: number): void {
    this.#db
      .prepare('UPDATE previous_api_keys SET last_used_at_ms = ? WHERE device_id = ?')
      .run(Math.floor(usedAtMs), deviceId);
  }

  removePreviousApiKey(deviceId: string): void {
    this.#db.prepare('DELETE FROM previous_api_keys WHERE device_id = ?').run(deviceId);
  }

  /** Removes both, the newest and the one before it. */
  removeApiKeys(deviceId: string): void {
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM api_keys WHERE device_id = ?').run(deviceId);
      this.removePreviousApiKey(deviceId);
    })();
  }

  sensitiveMetrics(): { deviceId: string; metric: string }[] {
    return this.#db
      .prepare<[], { deviceId: string; metric: string }>(
        'SELECT device_id AS deviceId, metric FROM sensitive_metrics',
      )
      .all();
  }

  setSensitiveMetrics(deviceId: string, metrics: readonly string[]): void {
    const add = this.#db.prepare('INSERT INTO sensitive_metrics (device_id, metric) VALUES (?, ?)');
    this.#db.prepare('DELETE FROM sensitive_metrics WHERE device_id = ?').run(deviceId);
    for (const metric of metrics) add.run(deviceId, metric);
  }

  /** Runs `change` in one transaction. */
  atomically(change: () => void): void {
    this.#db.transaction(change)();
  }

  states(): { deviceId: string; json: string }[] {
    return this.#db
      .prepare<[], { deviceId: string; json: string }>(
        'SELECT device_id AS deviceId, json FROM device_state',
      )
      .all();
  }

  /** Writes the states of many devices in one transaction. */
  saveStates(states: readonly { deviceId: string; json: string }[]): void {
    const save = this.#db.prepare(
      `INSERT INTO device_state (device_id, json) VALUES (@deviceId, @json)
       ON CONFLICT (device_id) DO UPDATE SET json = excluded.json`,
    );
    this.#db.transaction(() => {
      for (const state of states) save.run(state);
    })();
  }
}
