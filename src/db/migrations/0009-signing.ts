import type { Migration } from '../migrate.ts';

/** What devices sign and encrypt, and with which keys. Public keys only, as raw bytes. */
export const signing: Migration = {
  id: 9,
  name: 'signing',
  sql: `
    CREATE TABLE device_signing (
      device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      command_algorithm TEXT NOT NULL CHECK (command_algorithm IN ('ed25519', 'p256')),
      signature TEXT NOT NULL CHECK (signature IN ('off', 'optional', 'required')),
      -- 'certificate': the key is in certificate_keys, and changes with the certificate.
      signing_key_kind TEXT CHECK (signing_key_kind IN ('ed25519', 'p256', 'certificate')),
      signing_key BLOB CHECK (signature = 'off' OR signing_key_kind IS NOT NULL),
      encryption TEXT NOT NULL CHECK (encryption IN ('off', 'optional', 'required')),
      box_key BLOB CHECK (encryption = 'off' OR box_key IS NOT NULL),
      updated_at_ms INTEGER NOT NULL
    ) STRICT;

    -- The key of the certificate that each device last proved itself with. Without an algorithm it
    -- is of a kind that signs nothing here (RSA); the row then saves reading it again.
    CREATE TABLE certificate_keys (
      device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
      fingerprint TEXT NOT NULL,
      algorithm TEXT CHECK (algorithm IN ('ed25519', 'p256')),
      public_key BLOB
    ) STRICT;
  `,
};
