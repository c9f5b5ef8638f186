import type { Migration } from '../migrate.ts';

export const schedules: Migration = {
  id: 13,
  name: 'schedules',
  sql: `
    -- For a device or for a group of devices. Without a name it is called by its times.
    CREATE TABLE schedules (
      id TEXT PRIMARY KEY,
      name TEXT,
      device_id TEXT,
      group_id TEXT,
      enabled INTEGER NOT NULL,
      -- When it speaks, and what it says, as JSON. The end action is "default" for the one of the
      -- device's type, and null when a window's end leaves the device as it is.
      rule TEXT NOT NULL,
      action TEXT NOT NULL,
      value TEXT NOT NULL,
      end_action TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL,
      -- Edges before this do not count: it was made, enabled or changed then.
      effective_from_ms INTEGER NOT NULL,
      CHECK ((device_id IS NULL) <> (group_id IS NULL))
    ) STRICT;

    -- What became of each edge. Those that passed while the hub was off are one row with a count.
    CREATE TABLE schedule_runs (
      seq INTEGER PRIMARY KEY,
      schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
      at_ms INTEGER NOT NULL,
      edge TEXT NOT NULL,
      outcome TEXT NOT NULL,
      count INTEGER NOT NULL,
      devices TEXT NOT NULL
    ) STRICT;
    CREATE INDEX schedule_runs_of ON schedule_runs (schedule_id, seq);
    CREATE INDEX schedule_runs_age ON schedule_runs (at_ms);

    -- What the last override of a device gave back, as a word of the moment at which it held.
    CREATE TABLE schedule_baselines (
      device_id TEXT PRIMARY KEY,
      override_id TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      state TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- What was last decided for a device, and whether the device took it.
    CREATE TABLE schedule_holdings (
      device_id TEXT PRIMARY KEY,
      word TEXT NOT NULL,
      cause TEXT NOT NULL,
      since_ms INTEGER NOT NULL,
      decided_at_ms INTEGER NOT NULL,
      settled INTEGER NOT NULL,
      -- Commands that are to bring it about and have not been answered.
      command_ids TEXT NOT NULL,
      rejected_at_ms INTEGER
    ) STRICT, WITHOUT ROWID;
  `,
};
