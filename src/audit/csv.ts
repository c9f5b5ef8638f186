import type { AuditRow } from './types.ts';

const columns = [
  'seq',
  'at',
  'actor',
  'action',
  'subject',
  'outcome',
  'origin',
  'detail',
  'hash',
] as const;

/** The line of names (RFC 4180 §2.3), with its end. */
export const csvHead = `${columns.join(',')}\r\n`;

export const csvLine = (row: AuditRow): string =>
  `${[
    row.seq,
    new Date(row.atMs).toISOString(),
    row.actor,
    row.action,
    row.subject,
    row.outcome,
    row.origin,
    JSON.stringify(row.detail),
    row.hash,
  ]
    .map(cell)
    .join(',')}\r\n`;

/**
 * A name that somebody chose is text, even where it looks like a formula to a spreadsheet: those
 * begin with one of these, and an apostrophe in front takes that from them.
 */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r\n|%]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
