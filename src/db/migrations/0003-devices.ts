import type { Migration } from '../migrate.ts';

export const devices: Migration = {
  id: 3,
  name: 'devices',
  sql: `
    CREATE TABLE rooms (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE COLLATE NOCASE,
      position INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE devices (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      type TEXT NOT NULL,
      room TEXT REFERENCES rooms (id) ON DELETE SET NULL,
      state TEXT NOT NULL CHECK (state IN ('active', 'maintenance', 'disabled')),
      firmware_version TEXT,
      hardware_version TEXT,
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL
    ) STRICT;

    -- Only the SHA-256 of a key is kept; the key itself is shown once, when it is made.
    CREATE TABLE api_keys (
      device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      hash TEXT NOT NULL UNIQUE,
      created_at_ms INTEGER NOT NULL
    ) STRICT;

    -- What a device last said of itself, as JSON: written at most once a second, never queried.
    CREATE TABLE device_state (
      device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      json TEXT NOT NULL
    ) STRICT;
  `,
};
