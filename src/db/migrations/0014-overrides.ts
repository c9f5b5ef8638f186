import type { Migration } from '../migrate.ts';

/** Overrides. */
export const overrides: Migration = {
  id: 14,
  name: 'overrides',
  sql: `
    -- What runs for a while instead of what held before, and what did lately. The row is there
    -- before anything is sent, with the state that is to be given back.
    CREATE TABLE overrides (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      action TEXT NOT NULL,
      value TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('active', 'ended', 'cancelled', 'replaced')),
      started_at_ms INTEGER NOT NULL,
      -- When the first of those that replaced each other began: saved is of then.
      baseline_at_ms INTEGER NOT NULL,
      ends_at_ms INTEGER NOT NULL,
      -- JSON: each property that it changes with what the device said; null where it had not said.
      saved TEXT NOT NULL,
      requested_by TEXT NOT NULL,
      command_id TEXT,
      ended_at_ms INTEGER,
      ended_because TEXT
    ) STRICT;
    CREATE UNIQUE INDEX overrides_one_runs ON overrides (device_id) WHERE status = 'active';
    CREATE INDEX overrides_device ON overrides (device_id, seq);
  `,
};
