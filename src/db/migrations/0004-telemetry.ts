import type { Migration } from '../migrate.ts';

export const telemetry: Migration = {
  id: 4,
  name: 'telemetry',
  sql: `
  `,
};
