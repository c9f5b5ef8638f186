import type { Migration } from '../migrate.ts';

/**
 * People, their sessions and second factors in tables of our own. Whoever had a password keeps it;
 * sessions of before end. Secrets made by the hub stand here as SHA-256, those it must be able to
 * read sealed under the key file.
 */
export const accounts: Migration = {
  id: 15,
  name: 'accounts',
  sql: `
    ALTER TABLE people RENAME TO people_before;

    CREATE TABLE people (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      email TEXT NOT NULL UNIQUE COLLATE NOCASE,
      role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'guest')),
      -- Null for someone who signs in without a password.
      password_hash TEXT,
      state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL
    ) STRICT;

    INSERT INTO people
      SELECT id, name, lower(email),
        CASE WHEN role IN ('owner', 'admin', 'member', 'guest') THEN role ELSE 'guest' END,
        (SELECT password FROM accounts WHERE person_id = before.id AND provider_id = 'credential'),
        'active',
        coalesce(CAST(round(unixepoch(created_at, 'subsec') * 1000) AS INTEGER), 0),
        coalesce(CAST(round(unixepoch(updated_at, 'subsec') * 1000) AS INTEGER), 0)
      FROM people_before AS before;

    DROP TABLE accounts;
    DROP TABLE verifications;
    DROP TABLE sessions;
    DROP TABLE people_before;

    -- One row is one sign-in: a browser holds its cookie, a program its refresh token.
    CREATE TABLE sessions (
      id TEXT NOT NULL PRIMARY KEY,
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      method TEXT NOT NULL,
      cookie_hash TEXT NOT NULL UNIQUE,
      -- Of the half that all refresh tokens of a session share: an old one is known by it.
      family_hash TEXT NOT NULL,
      refresh_hash TEXT NOT NULL,
      user_agent TEXT NOT NULL,
      address TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      last_used_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX sessions_person_id ON sessions (person_id);

    CREATE TABLE invitations (
      id TEXT NOT NULL PRIMARY KEY,
      code_hash TEXT NOT NULL UNIQUE,
      role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'guest')),
      -- Null when whoever has the code may choose the email.
      email TEXT COLLATE NOCASE,
      invited_by TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      -- person:ID or token:ID: once they are out, their codes let nobody in. Null at the machine.
      made_by TEXT
    ) STRICT;

    CREATE TABLE password_resets (
      code_hash TEXT NOT NULL PRIMARY KEY,
      person_id TEXT NOT NULL UNIQUE REFERENCES people (id) ON DELETE CASCADE,
      expires_at_ms INTEGER NOT NULL,
      made_by TEXT
    ) STRICT;

    CREATE TABLE totp (
      person_id TEXT NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
      sealed_secret TEXT NOT NULL,
      -- Null until a first code has shown that the app and the hub agree.
      confirmed_at_ms INTEGER,
      -- The time step (RFC 6238 section 4.2) of the last code that was taken: none counts twice.
      last_step INTEGER
    ) STRICT;

    CREATE TABLE recovery_codes (
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      code_hash TEXT NOT NULL,
      used_at_ms INTEGER,
      PRIMARY KEY (person_id, code_hash)
    ) STRICT;

    -- The newest signs access tokens; older ones stay until no token of theirs lives.
    CREATE TABLE token_keys (
      id TEXT NOT NULL PRIMARY KEY,
      sealed_private_key TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL
    ) STRICT;

    -- A JSON list of actions; null leaves a token all that its role may.
    ALTER TABLE tokens ADD COLUMN scopes TEXT;
    ALTER TABLE tokens ADD COLUMN made_by TEXT;
  `,
};
