export { Passkeys } from './service.ts';
