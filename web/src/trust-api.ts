import { call, segment, sendText } from './api.ts';
import type {
  AuditFilter,
  AuditRow,
  Authority,
  Batch,
  JoinWindow,
  NewToken,
  OpenedWindow,
  Token,
  Verdict,
} from './trust-wire.ts';

/** What is asked for, without what is not. */
function queryOf(filter: AuditFilter, more: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries({ ...filter, ...more }).filter(([, value]) => value !== '');
  return String(new URLSearchParams(given));
}

/** Where a browser downloads the rows as a table. */
export const auditCsvAddress = (filter: AuditFilter): string =>
  `/api/v1/audit/export?${queryOf(filter, { format: 'csv' })}`;

/** Every request about tokens, devices that join, the authority and the audit. */
export const trust = {
  tokens: async () => (await call<{ tokens: Token[] }>('GET', '/tokens')).tokens,
  makeToken: (token: NewToken) => call<Token & { token: string }>('POST', '/tokens', token),
  revokeToken: (id: string) => call<unknown>('DELETE', `/tokens/${segment(id)}`),

  joinWindow: () => call<JoinWindow>('GET', '/join/window'),
  openJoinWindow: (minutes: number) => call<OpenedWindow>('POST', '/join/window', { minutes }),
  closeJoinWindow: () => call<unknown>('DELETE', '/join/window'),
  batches: async () => (await call<{ batches: Batch[] }>('GET', '/join/batch')).batches,
  addBatch: (name: string, csv: string) =>
    sendText<Batch>(`/join/batch?${new URLSearchParams({ name })}`, 'text/csv', csv),
  removeBatch: (id: string) => call<unknown>('DELETE', `/join/batch/${segment(id)}`),

  authority: () => call<Authority>('GET', '/ca'),

  /** Newest first; those before row `before`, when that is given. */
  audit: async (filter: AuditFilter, limit: number, before?: number) => {
    const page = { limit: String(limit), ...(before !== undefined && { before: String(before) }) };
    return (await call<{ rows: AuditRow[] }>('GET', `/audit?${queryOf(filter, page)}`)).rows;
  },
  verifyAudit: () => call<Verdict>('GET', '/audit/verify'),
};
