import type { Migration } from '../migrate.ts';

/** Keys that were known before their devices came: those of a production batch. Public keys only. */
export const join: Migration = {
  id: 18,
  name: 'join',
  sql: `
    CREATE TABLE join_batches (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      added_at_ms INTEGER NOT NULL,
      added_by TEXT NOT NULL
    ) STRICT;

    -- No reference to devices: a key is there before its device and outlasts its removal.
    CREATE TABLE join_keys (
      device_id TEXT PRIMARY KEY,
      batch_id TEXT NOT NULL REFERENCES join_batches (id) ON DELETE CASCADE,
      -- SubjectPublicKeyInfo (RFC 5480), DER.
      public_key BLOB NOT NULL UNIQUE,
      type TEXT,
      name TEXT,
      claimed_at_ms INTEGER
    ) STRICT;
    CREATE INDEX join_keys_batch ON join_keys (batch_id);
  `,
};
