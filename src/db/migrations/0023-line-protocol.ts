import type { Migration } from '../migrate.ts';

/** Which device the series of a line protocol are of. */
export const lineProtocol: Migration = {
  id: 23,
  name: 'line protocol',
  sql: `
    CREATE TABLE line_protocol_devices (
      -- JSON: the measurement, then keys and values of the tags by their keys.
      series TEXT PRIMARY KEY,
      -- Two series that would be called alike keep the names that they got.
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      -- Whether a write over the network brought the device in: of these there are only so many.
      brought INTEGER NOT NULL CHECK (brought IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX line_protocol_devices_by_device ON line_protocol_devices (device_id);
  `,
};
