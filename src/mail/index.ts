export type { MailSettings } from './service.ts';
export { Mail } from './service.ts';
