export { certificatesOnly } from './certificates-only.ts';
export { uriOf } from './client-names.ts';
export type { CertificateRecord } from './register.ts';
export type { DeviceRequest } from './request.ts';
export { Authority } from './service.ts';
export type { AuthorityOptions, AuthorityState, IssuedClient } from './types.ts';
