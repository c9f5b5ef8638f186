import { text } from 'node:stream/consumers';
import { HearthError, isHearthError } from '#kernel';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { printable } from './table.ts';

export interface SqlOptions {
  readonly format: 'table' | 'csv' | 'json';
  readonly limit?: string;
}

interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
  readonly elapsed_ms: number;
}

/** Asks history in SQL; `-` is a statement that is piped in. */
export async function askSql(
  at: Invocation,
  given: string,
  { format, limit }: SqlOptions,
): Promise<void> {
  const sql = given === '-' ? await text(at.around.input) : given;
  const rows = limit === undefined ? {} : { limit: countOf(limit) };
  const answer = await withHub(at, (hub) => hub.post<Answer>('/sql', { sql, ...rows })).catch(
    (error) => {
      throw at.json ? error : pointedOut(at, error);
    },
  );
  const { columns, truncated } = answer;
  if (at.json || format === 'json') at.print(JSON.stringify(answer));
  else if (format === 'csv') at.around.output.write(csv(answer));
  else if (isPlan(answer)) {
    for (const [, plan] of answer.rows) {
      for (const line of String(plan).split('\n')) at.print(printable(line));
    }
  } else if (answer.rows.length === 0) at.print('No rows.');
  else {
    at.print(
      at.table(
        columns.map(({ name }) => name),
        answer.rows,
      ),
    );
  }
  if (truncated) {
    at.note(`There are more than these ${answer.rows.length}: --limit shows more, up to 100000.`);
  }
}

/** What EXPLAIN answers is a drawing of several lines. */
const isPlan = ({ columns }: Answer): boolean =>
  columns.length === 2 &&
  columns[0]?.name === 'explain_key' &&
  columns[1]?.name === 'explain_value';

/** Shows the lines of an error that point at a place, one under the other; the first is the error. */
function pointedOut(at: Invocation, error: unknown): unknown {
  if (!isHearthError(error) || !error.message.includes('\n')) return error;
  const [message = '', ...lines] = error.message.split('\n');
  for (const line of lines) if (line.trim() !== '') at.note(line);
  const { code, hint, field } = error;
  return new HearthError(code, message, {
    ...(hint !== undefined && { hint }),
    ...(field !== undefined && { field }),
  });
}

function countOf(limit: string): number {
  const count = Number(limit);
  if (Number.isInteger(count) && count > 0) return count;
  throw new HearthError('bad_request', `--limit is "${limit}": it is a whole number`, {
    field: '--limit',
  });
}

/** RFC 4180, with a line of names. */
const csv = ({ columns, rows }: Answer): string =>
  [columns.map(({ name }) => name), ...rows]
    .map((row) => `${row.map(csvCell).join(',')}\r\n`)
    .join('');

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
