import type { Migration } from '../migrate.ts';

/** Passkeys, and accounts at an OpenID Connect provider. */
export const signIn: Migration = {
  id: 16,
  name: 'sign-in',
  sql: `
    CREATE TABLE passkeys (
      id TEXT NOT NULL PRIMARY KEY,
      -- Base64url, as the authenticator made it.
      credential_id TEXT NOT NULL UNIQUE,
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      -- The host name it was made under: it is of no use under another.
      rp_id TEXT NOT NULL,
      name TEXT NOT NULL,
      public_key BLOB NOT NULL,
      counter INTEGER NOT NULL,
      -- JSON: ["internal", "hybrid"].
      transports TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      last_used_at_ms INTEGER
    ) STRICT;
    CREATE INDEX passkeys_person ON passkeys (person_id);

    -- Who somebody at a provider is here. An e-mail address may pass to someone else, the subject
    -- never does (OpenID Connect Core 1.0, section 5.7), so nobody is known by the address.
    CREATE TABLE oidc_links (
      issuer TEXT NOT NULL,
      subject TEXT NOT NULL,
      person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
      email TEXT,
      created_at_ms INTEGER NOT NULL,
      last_used_at_ms INTEGER,
      PRIMARY KEY (issuer, subject)
    ) STRICT;
    CREATE UNIQUE INDEX oidc_links_person ON oidc_links (person_id, issuer);
  `,
};
