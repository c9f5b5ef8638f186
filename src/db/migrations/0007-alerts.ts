import type { Migration } from '../migrate.ts';

export const alerts: Migration = {
  id: 7,
  name: 'alerts',
  sql: `
    CREATE TABLE alerts (
      id TEXT PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      last_at_ms INTEGER NOT NULL,
      count INTEGER NOT NULL,
      kind TEXT NOT NULL,
      device_id TEXT,
      message TEXT NOT NULL,
      detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX alerts_at ON alerts (last_at_ms);
  `,
};
