export type { Opened } from './open-message.ts';
export type { CertificateNews, SigningDevices, SigningOptions } from './service.ts';
export { Signing } from './service.ts';
export type { Algorithm, Demand, SigningSettings } from './types.ts';
