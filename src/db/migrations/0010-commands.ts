import type { Migration } from '../migrate.ts';

/** Commands and what happened to each. */
export const commands: Migration = {
  id: 10,
  name: 'commands',
  sql: `
    CREATE TABLE commands (
      -- The order in which they were asked for; the id only sorts as well as the clock runs.
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      action TEXT NOT NULL,
      -- JSON, as are the words it was asked in: {"action", "value"} before a toggle was resolved.
      value TEXT NOT NULL,
      asked TEXT NOT NULL,
      sets_state INTEGER NOT NULL CHECK (sets_state IN (0, 1)),
      source TEXT NOT NULL,
      requested_by TEXT NOT NULL,
      batch_id TEXT,
      idempotency_key TEXT,
      waits INTEGER NOT NULL CHECK (waits IN (0, 1)),
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      -- Whether the latest attempt went out to the device.
      published INTEGER NOT NULL CHECK (published IN (0, 1)),
      dialect TEXT,
      created_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      sent_at_ms INTEGER,
      delivered_at_ms INTEGER,
      acknowledged_at_ms INTEGER,
      confirmed_at_ms INTEGER,
      error TEXT
    ) STRICT;
    CREATE INDEX commands_device ON commands (device_id, seq);
    CREATE INDEX commands_created ON commands (created_at_ms);
    -- A key is let go of after a day, when it is used again.
    CREATE UNIQUE INDEX commands_idempotency ON commands (device_id, idempotency_key)
      WHERE idempotency_key IS NOT NULL;
    CREATE INDEX commands_status ON commands (status, seq);
    CREATE INDEX commands_batch ON commands (batch_id) WHERE batch_id IS NOT NULL;
    -- What a person last wanted of a device: asked for at every edge of a schedule.
    CREATE INDEX commands_by_hand ON commands (device_id, seq)
      WHERE sets_state = 1 AND source IN ('manual', 'scene');

    CREATE TABLE command_history (
      command_id TEXT NOT NULL REFERENCES commands (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      event TEXT NOT NULL,
      detail TEXT NOT NULL,
      PRIMARY KEY (command_id, number)
    ) STRICT, WITHOUT ROWID;
  `,
};
