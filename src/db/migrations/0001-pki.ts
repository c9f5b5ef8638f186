import type { Migration } from '../migrate.ts';

/** Every client certificate that the authority ever issued. Times are ISO 8601 UTC. */
export const pki: Migration = {
  id: 1,
  name: 'pki',
  sql: `
    CREATE TABLE certificates (
      serial TEXT NOT NULL PRIMARY KEY,
      device_id TEXT NOT NULL,
      fingerprint256 TEXT NOT NULL UNIQUE,
      not_before TEXT NOT NULL,
      not_after TEXT NOT NULL,
      issued_at TEXT NOT NULL,
      revoked_at TEXT
    ) STRICT;
    CREATE INDEX certificates_device_id ON certificates (device_id);
  `,
};
