import type { Migration } from '../migrate.ts';

export const due: Migration = {
  id: 5,
  name: 'due',
  sql: `
    -- Whatever is to happen at a moment: written before anything is done about it.
    CREATE TABLE due (
      kind TEXT NOT NULL,
      key TEXT NOT NULL,
      due_at_ms INTEGER NOT NULL,
      PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID;

    -- The latest time that the hub is known to have run at: a clock that is behind it is wrong.
    CREATE TABLE clock_mark (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      at_ms INTEGER NOT NULL
    ) STRICT;
    INSERT INTO clock_mark (one, at_ms) VALUES (1, 0);
  `,
};
