import type { Migration } from '../migrate.ts';

/** What rotation, renewal and revocation lists need to know of certificates. */
export const certificateLife: Migration = {
  id: 19,
  name: 'certificate life',
  sql: `
    -- SHA-256 of the public key of the authority that signed it; NULL: the one there was before 0019.
    ALTER TABLE certificates ADD COLUMN authority_key TEXT;
    -- When its device first proved itself with it, as far as the hub took note.
    ALTER TABLE certificates ADD COLUMN first_used_at_ms INTEGER;
    -- The serial of the certificate that was issued in its place.
    ALTER TABLE certificates ADD COLUMN renewed_by TEXT;
    -- When the owner was told that it ends soon: once.
    ALTER TABLE certificates ADD COLUMN warned_at_ms INTEGER;

    -- The newest list of revoked certificates (RFC 5280 §5), one row: its number may only rise.
    CREATE TABLE revocation_list (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      number INTEGER NOT NULL,
      made_at_ms INTEGER NOT NULL,
      authority_key TEXT NOT NULL,
      -- How many certificates it names: another number means that it is no longer the newest.
      revoked INTEGER NOT NULL,
      der BLOB NOT NULL
    ) STRICT;
  `,
};
