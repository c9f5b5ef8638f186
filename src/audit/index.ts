export type { AuditOptions } from './service.ts';
export { Audit } from './service.ts';
export type { AuditEntry, AuditRow, Verdict } from './types.ts';
