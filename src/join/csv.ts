import { HearthError } from '#kernel';

/** One row under the header: its values by the names of the columns, and the line it begins on. */
export interface CsvRow {
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Reads comma-separated values with a header (RFC 4180): quoted values may hold commas and doubled
 * quotes. Lines that are empty are passed over.
 * @throws HearthError `unprocessable` naming the line.
 */
export function readCsv(
  text: string,
  columns: { readonly required: readonly string[]; readonly optional: readonly string[] },
  mostRows: number,
): CsvRow[] {
  const known = [...columns.required, ...columns.optional];
  const rows: CsvRow[] = [];
  let header: readonly string[] | undefined;
  for (const { line, cells } of recordsOf(text)) {
    if (header === undefined) {
      header = cells.map((cell) => cell.trim().toLowerCase());
      requireHeader(header, known, columns.required);
      continue;
    }
    if (cells.length !== header.length) {
      throw badLine(line, `it has ${cells.length} values under ${header.length} names`);
    }
    if (rows.length >= mostRows) {
      throw badLine(line, `there are more than ${mostRows} rows`, 'Send them in several batches.');
    }
    const values = Object.fromEntries(header.map((name, at) => [name, (cells[at] ?? '').trim()]));
    rows.push({ line, values });
  }
  if (rows.length === 0) throw badLine(1, 'there is no row');
  return rows;
}

export const badLine = (line: number, reason: string, hint?: string): HearthError =>
  new HearthError('unprocessable', `line ${line}: ${reason}`, {
    field: `line ${line}`,
    hint: hint ?? 'Nothing was taken in. The header is id,public_key and, if you like, type,name.',
  });

function requireHeader(
  header: readonly string[],
  known: readonly string[],
  required: readonly string[],
): void {
  const missing = required.find((name) => !header.includes(name));
  if (missing !== undefined) throw badLine(1, `the header has no column "${missing}"`);
  const strange = header.find((name, at) => !known.includes(name) || header.indexOf(name) !== at);
  if (strange !== undefined) {
    throw badLine(1, `the header has a column "${strange.slice(0, 40)}" too many`);
  }
}

/** Records with the line that each begins on; a quoted value may go on over the end of a line. */
function* recordsOf(text: string): Generator<{ line: number; cells: readonly string[] }> {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  cell.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;
  while (cell.lastIndex < text.length) {
    const first = line;
    const cells: string[] = [];
    let end: string | undefined;
    do {
      const match = cell.exec(text);
      if (match === null) throw badLine(line, 'it is not CSV: a quote is out of place');
      const [whole, quoted, plain, separator = ''] = match;
      cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
      line += whole.split('\n').length - 1;
      end = separator;
    } while (end === ',');
    if (cells.length > 1 || cells[0] !== '') yield { line: first, cells };
  }
}
