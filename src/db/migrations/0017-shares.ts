import type { Migration } from '../migrate.ts';

export const shares: Migration = {
  id: 17,
  name: 'shares',
  sql: `
    -- What a person may see who does not see all: a device, or whatever stands in a room.
    CREATE TABLE shares (
      id TEXT NOT NULL PRIMARY KEY,
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      device_id TEXT REFERENCES devices (id) ON DELETE CASCADE,
      room TEXT REFERENCES rooms (id) ON DELETE CASCADE,
      access TEXT NOT NULL CHECK (access IN ('read', 'control')),
      -- NULL: for good.
      until_ms INTEGER,
      given_by TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      CHECK ((device_id IS NULL) <> (room IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX shares_target
      ON shares (person_id, ifnull(device_id, ''), ifnull(room, ''));
    CREATE INDEX shares_device_id ON shares (device_id);
    CREATE INDEX shares_room ON shares (room);

    -- Guests see what is shared with them from here on, and nothing is shared with a token: those
    -- of guests may what they could until now, as a service that only looks.
    UPDATE tokens
      SET role = 'service', scopes = '["devices.read","telemetry.read","self.read"]'
      WHERE role = 'guest';
  `,
};
