export { Alerts } from './service.ts';
export type { Alert, AlertKind, NewAlert } from './types.ts';
