import type { Migration } from '../migrate.ts';

/** API keys that still work while a newer one takes over, and metrics that are kept encrypted. */
export const deviceKeys: Migration = {
  id: 21,
  name: 'device keys',
  sql: `
    -- The key before the one in api_keys; it works until then, or until it is voided.
    CREATE TABLE previous_api_keys (
      device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      hash TEXT NOT NULL UNIQUE,
      valid_until_ms INTEGER NOT NULL,
      -- When a device last proved itself with it, written at most once a minute.
      last_used_at_ms INTEGER
    ) STRICT;

    -- Metrics that the owner declared sensitive, beside those of the device's type.
    CREATE TABLE sensitive_metrics (
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      metric TEXT NOT NULL,
      PRIMARY KEY (device_id, metric)
    ) STRICT, WITHOUT ROWID;

    -- What values of sensitive metrics are sealed with, each itself sealed with the key file. The
    -- newest seals; the others still open. None is ever removed while readings are kept.
    CREATE TABLE telemetry_keys (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      sealed TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL
    ) STRICT;

    -- Metrics of which there are sealed values, whether or not they still are sensitive.
    CREATE TABLE telemetry_sealed (
      device_id TEXT NOT NULL,
      metric TEXT NOT NULL,
      PRIMARY KEY (device_id, metric)
    ) STRICT, WITHOUT ROWID;
  `,
};
