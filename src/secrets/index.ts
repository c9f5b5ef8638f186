export type { Reseal, Vault } from './service.ts';
export { Secrets } from './service.ts';
