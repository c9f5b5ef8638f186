import type { Migration } from '../migrate.ts';

export const audit: Migration = {
  id: 6,
  name: 'audit',
  sql: `
    -- Only ever appended to; each row's hash covers the one before it.
    CREATE TABLE audit (
      seq INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      outcome TEXT NOT NULL,
      origin TEXT NOT NULL,
      detail TEXT NOT NULL,
      hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_subject ON audit (subject, seq);
    CREATE INDEX audit_action ON audit (action, seq);
  `,
};
