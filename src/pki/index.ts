export type { AuthorityOptions } from './service.ts';
export { Authority } from './service.ts';
