export type { AuditEntry, AuditRow } from './service.ts';
export { Audit } from './service.ts';
