import type { Migration } from '../migrate.ts';

export const people: Migration = {
  id: 2,
  name: 'people',
  sql: `
  `,
};
