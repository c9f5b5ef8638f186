export { OpenIdConnect } from './service.ts';
export type { OidcSettings } from './types.ts';
