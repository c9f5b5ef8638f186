import type { Migration } from '../migrate.ts';

/** Types of devices that the owner added; those that come with Hearth are in its code. */
export const deviceTypes: Migration = {
  id: 8,
  name: 'device-types',
  sql: `
    CREATE TABLE device_types (
      type TEXT PRIMARY KEY,
      -- A TypeDefinition, as REST shows it.
      json TEXT NOT NULL
    ) STRICT;
  `,
};
