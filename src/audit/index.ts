export type { AuditOptions } from './service.ts';
export { Audit } from './service.ts';
export type { AuditAlert, AuditEntry, AuditRow, AuditState, Verdict } from './types.ts';
