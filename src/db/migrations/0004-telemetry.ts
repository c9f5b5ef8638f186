import type { Migration } from '../migrate.ts';

export const telemetry: Migration = {
  id: 4,
  name: 'telemetry',
  // The journal's newest sequence number, kept outside the journal: a journal that comes back
  // shorter than this has lost readings, and says so.
  sql: `
    CREATE TABLE telemetry_mark (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      committed_seq INTEGER NOT NULL
    ) STRICT;
    INSERT INTO telemetry_mark (one, committed_seq) VALUES (1, 0);
  `,
};
