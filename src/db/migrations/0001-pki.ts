import type { Migration } from '../migrate.ts';

export const pki: Migration = {
  id: 1,
  name: 'pki',
  sql: `
  `,
};
