import { auditWords, isRefusal, type Names } from '../audit-words.ts';
import { dayAndTime } from '../time.ts';
import type { AuditRow } from '../trust-wire.ts';

/** Rows of the audit as sentences. What was refused is marked by a word, not only by its colour. */
export function AuditList(props: { rows: readonly AuditRow[]; names: Names; nowMs: number }) {
  return (
    <ul class="rows">
      {props.rows.map((row) => (
        <li key={row.seq} class="row">
          <p class="row-main">
            <span>{auditWords(row, props.names)}</span>
            {isRefusal(row) && <span class="outcome outcome-rejected">refused</span>}
          </p>
          <p class="quiet">
            <time dateTime={row.at}>{dayAndTime(Date.parse(row.at), props.nowMs)}</time>
            {row.origin && `, ${originWords(row.origin)}`}, no. {row.seq}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** Where a request came from: an address, or the terminal of the hub. */
const originWords = (origin: string): string =>
  origin === 'control socket' ? 'in the terminal of the hub' : `from ${origin}`;
