import type { TelemetryRow, Value } from './types.ts';

/** A history answer on its way out: text in pieces, each page of rows turned into one. */
export interface AnswerFormat {
  readonly contentType: string;
  open(): string;
  rows(rows: readonly TelemetryRow[], isFirst: boolean): string;
  close(count: number, truncated: boolean): string;
}

/** The head of a JSON answer: everything that stands before its rows. */
export interface JsonHead {
  readonly device_id: string;
  readonly start: string;
  readonly end: string;
  readonly interval: string | null;
  /** Sensitive metrics that were asked for and may not be seen; absent when there are none. */
  readonly withheld?: readonly string[];
}

export const jsonFormat = (head: JsonHead): AnswerFormat => ({
  contentType: 'application/json',
  open: () => `${JSON.stringify(head).slice(0, -1)},"data":[`,
  rows: (rows, isFirst) => (isFirst ? '' : ',') + rows.map((row) => JSON.stringify(row)).join(','),
  close: (count, truncated) => `],"total_points":${count},"truncated":${truncated}}`,
});

/** CSV as RFC 4180 has it; `columns` after the timestamp, in this order. */
export const csvFormat = (columns: readonly string[]): AnswerFormat => ({
  contentType: 'text/csv; charset=utf-8',
  open: () => csvLine(['timestamp', ...columns]),
  rows: (rows) =>
    rows
      .map((row) => csvLine([row.timestamp, ...columns.map((column) => cellOf(row, column))]))
      .join(''),
  close: () => '',
});

/** A column may be called what every object inherits: `constructor`. */
const cellOf = (row: TelemetryRow, column: string): Value =>
  (Object.hasOwn(row, column) ? row[column] : undefined) ?? '';

const csvLine = (cells: readonly Value[]): string => `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(cell: Value): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Streams pages in a format, at the pace of whoever reads: a page is asked for when the one before
 * it has been taken. At most `limit` rows are shown of what comes.
 */
export function streamAnswer(
  first: IteratorResult<readonly TelemetryRow[]>,
  rest: AsyncIterator<readonly TelemetryRow[]>,
  format: AnswerFormat,
  limit: number,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let result: IteratorResult<readonly TelemetryRow[]> | undefined = first;
  let count = 0;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(format.open()));
    },
    async pull(controller) {
      result ??= await rest.next();
      const page = result.done === true ? [] : result.value;
      const shown = page.slice(0, limit - count);
      if (shown.length > 0) {
        controller.enqueue(encoder.encode(format.rows(shown, count === 0)));
        count += shown.length;
      }
      const truncated = shown.length < page.length;
      if (result.done === true || truncated) {
        controller.enqueue(encoder.encode(format.close(count, truncated)));
        controller.close();
        await rest.return?.();
      }
      result = undefined;
    },
    async cancel() {
      await rest.return?.();
    },
  });
}
