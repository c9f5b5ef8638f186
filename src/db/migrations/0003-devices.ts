import type { Migration } from '../migrate.ts';

export const devices: Migration = {
  id: 3,
  name: 'devices',
  sql: `
  `,
};
