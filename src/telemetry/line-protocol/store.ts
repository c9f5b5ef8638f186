import type { Db } from '#db';

/** Which device a series of the line protocol is of, in hearth.db. */
export class LineDeviceStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  deviceOf(series: string): string | undefined {
    const row = this.#db
      .prepare<[string], { device_id: string }>(
        'SELECT device_id FROM line_protocol_devices WHERE series = ?',
      )
      .get(series);
    return row?.device_id;
  }

  /** Whether a device stands for a series already. */
  isTaken(deviceId: string): boolean {
    const row = this.#db
      .prepare('SELECT 1 FROM line_protocol_devices WHERE device_id = ? LIMIT 1')
      .get(deviceId);
    return row !== undefined;
  }

  add(series: string, deviceId: string, brought: boolean): void {
    this.#db
      .prepare(
        'INSERT OR REPLACE INTO line_protocol_devices (series, device_id, brought) VALUES (?, ?, ?)',
      )
      .run(series, deviceId, brought ? 1 : 0);
  }

  /** Devices that writes have brought in, and that are still there. */
  countBrought(): number {
    const row = this.#db
      .prepare<[], { count: number }>(
        'SELECT count(DISTINCT device_id) AS count FROM line_protocol_devices WHERE brought = 1',
      )
      .get();
    return row?.count ?? 0;
  }
}
