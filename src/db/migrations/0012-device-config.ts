import type { Migration } from '../migrate.ts';

/** Configuration documents. */
export const deviceConfig: Migration = {
  id: 12,
  name: 'device-config',
  sql: `
    -- What each device should be configured as: the newest version is the desired one.
    CREATE TABLE config_versions (
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      config TEXT NOT NULL,
      set_at_ms INTEGER NOT NULL,
      set_by TEXT NOT NULL,
      PRIMARY KEY (device_id, version)
    ) STRICT;

    -- What each device said of it. problem is about problem_version and says nothing of a newer one.
    CREATE TABLE config_reports (
      device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      reported_version INTEGER,
      reported_at_ms INTEGER,
      problem TEXT,
      problem_version INTEGER,
      -- Taken back by a person: not sent again, unlike a version that the device refused.
      withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
      -- The version that it acknowledged last as a command: it may never say which one it has.
      taken_version INTEGER,
      taken_at_ms INTEGER
    ) STRICT;

    -- Commands that carry a version to their device, so that it is not sent a second time beside them.
    CREATE TABLE config_commands (
      seq INTEGER PRIMARY KEY,
      command_id TEXT NOT NULL UNIQUE,
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      -- Whether the version came with this command, or was desired already.
      made_version INTEGER NOT NULL CHECK (made_version IN (0, 1)),
      expires_at_ms INTEGER NOT NULL,
      outcome TEXT NOT NULL CHECK (outcome IN ('open', 'taken', 'given_up'))
    ) STRICT;
    CREATE INDEX config_commands_device ON config_commands (device_id, seq);
  `,
};
