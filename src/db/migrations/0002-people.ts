import type { Migration } from '../migrate.ts';

/**
 * People and how they and their programs sign in. The first four tables are those of better-auth
 * under our names; a test asks it whether anything is missing. Times are ISO 8601 UTC.
 */
export const people: Migration = {
  id: 2,
  name: 'people',
  sql: `
    CREATE TABLE people (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      email TEXT NOT NULL UNIQUE,
      email_verified INTEGER NOT NULL,
      image TEXT,
      role TEXT NOT NULL,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE sessions (
      id TEXT NOT NULL PRIMARY KEY,
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      token TEXT NOT NULL UNIQUE,
      expires_at TEXT NOT NULL,
      ip_address TEXT,
      user_agent TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX sessions_person_id ON sessions (person_id);

    CREATE TABLE accounts (
      id TEXT NOT NULL PRIMARY KEY,
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      account_id TEXT NOT NULL,
      provider_id TEXT NOT NULL,
      password TEXT,
      access_token TEXT,
      refresh_token TEXT,
      id_token TEXT,
      access_token_expires_at TEXT,
      refresh_token_expires_at TEXT,
      scope TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX accounts_person_id ON accounts (person_id);

    CREATE TABLE verifications (
      id TEXT NOT NULL PRIMARY KEY,
      identifier TEXT NOT NULL,
      value TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX verifications_identifier ON verifications (identifier);

    CREATE TABLE tokens (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      role TEXT NOT NULL,
      hash TEXT NOT NULL UNIQUE,
      created_at TEXT NOT NULL,
      expires_at TEXT,
      last_used_at TEXT,
      revoked_at TEXT
    ) STRICT;

    CREATE TABLE credentials (
      name TEXT NOT NULL PRIMARY KEY,
      role TEXT NOT NULL CHECK (role IN ('service', 'device')),
      password_hash TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT;
  `,
};
