import type { Migration } from '../migrate.ts';

/** Groups, scenes and the runs of both. */
export const groups: Migration = {
  id: 11,
  name: 'groups',
  sql: `
    CREATE TABLE groups (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE COLLATE NOCASE,
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL
    ) STRICT;

    -- A device that is removed leaves its groups.
    CREATE TABLE group_devices (
      group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      PRIMARY KEY (group_id, device_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX group_devices_device ON group_devices (device_id);

    CREATE TABLE scenes (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL UNIQUE COLLATE NOCASE,
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL
    ) STRICT;

    -- A group that a scene names is not removed; a device takes its commands with it.
    CREATE TABLE scene_commands (
      scene_id TEXT NOT NULL REFERENCES scenes (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      device_id TEXT REFERENCES devices (id) ON DELETE CASCADE,
      group_id TEXT REFERENCES groups (id),
      action TEXT NOT NULL,
      -- JSON.
      value TEXT NOT NULL,
      PRIMARY KEY (scene_id, position),
      CHECK ((device_id IS NULL) <> (group_id IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX scene_commands_device ON scene_commands (device_id);
    CREATE INDEX scene_commands_group ON scene_commands (group_id);

    -- The newest runs: what could not even be sent stands nowhere else. No foreign key: a run is
    -- still answered for when its scene is gone.
    CREATE TABLE batches (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      -- scene:ID or group:ID.
      subject TEXT NOT NULL,
      -- SHA-256 of the commands that were asked for.
      wanted_hash TEXT NOT NULL,
      idempotency_key TEXT,
      -- JSON: the devices that refused, with why.
      refused TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX batches_key ON batches (subject, idempotency_key)
      WHERE idempotency_key IS NOT NULL;
  `,
};
