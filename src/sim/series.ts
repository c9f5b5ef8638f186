import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { HearthError, messageOf } from '#kernel';
import type { Value } from './profile.ts';

/** One row of a recording: milliseconds since 1970 UTC, and a value for every cell that has one. */
export interface Row {
  readonly timeMs: number;
  readonly values: Readonly<Record<string, Value>>;
}

/** A header line with `timestamp` first, read once; what follows is one row a line. */
export interface Header {
  readonly columns: readonly string[];
}

const timeColumn = 'timestamp';
const longestLine = 64 * 1024;
const hasZone = /(?:[zZ]|[+-]\d{2}:?\d{2})$/;
const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads a recording row by row, so that a file of any length fits in memory.
 * @throws HearthError `not_found` when there is no such file, `unprocessable` naming line and column.
 */
export async function* readSeries(path: string): AsyncGenerator<Row> {
  const lines = createInterface({
    input: await openFile(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let header: Header | undefined;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.length > longestLine) throw broken(path, number, 'is longer than 64 KiB');
    if (line.trim() === '') continue;
    try {
      if (header) yield parseRow(line, header);
      else header = parseHeader(line);
    } catch (error) {
      throw broken(path, number, messageOf(error));
    }
  }
}

/** The first and the last time in a recording, and how many rows it has. */
export async function spanOf(
  path: string,
): Promise<{ firstMs: number; lastMs: number; rows: number }> {
  const span = { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY, rows: 0 };
  for await (const { timeMs } of readSeries(path)) {
    span.firstMs = Math.min(span.firstMs, timeMs);
    span.lastMs = Math.max(span.lastMs, timeMs);
    span.rows++;
  }
  if (span.rows === 0) throw broken(path, 1, 'has no rows after it');
  return span;
}

/** @throws Error saying what is wrong with the line, when its first column is not `timestamp`. */
export function parseHeader(line: string): Header {
  const columns = cells(line.replace(/^\uFEFF/, '')).map((name) => name.trim());
  if (columns[0] !== timeColumn) throw new Error(`begins with "${columns[0]}", not ${timeColumn}`);
  const odd = columns.find((name, index) => name === '' || columns.indexOf(name) !== index);
  if (odd !== undefined) throw new Error(`names a column "${odd}", which is empty or there twice`);
  return { columns };
}

/** @throws Error saying what is wrong with the line. Empty cells are left out: a gap is a gap. */
export function parseRow(line: string, { columns }: Header): Row {
  const row = cells(line);
  if (row.length !== columns.length) {
    throw new Error(`has ${row.length} cells where the header has ${columns.length}`);
  }
  const values: Record<string, Value> = {};
  for (const [index, name] of columns.entries()) {
    const cell = row[index]?.trim() ?? '';
    if (index > 0 && cell !== '') values[name] = readCell(cell);
  }
  return { timeMs: parseLocalTime(row[0]?.trim() ?? ''), values };
}

/** A time without a zone is taken as UTC: a recording has no home to ask. */
export function parseLocalTime(text: string): number {
  const withT = text.replace(' ', 'T');
  const time = Date.parse(hasZone.test(withT) || !withT.includes('T') ? withT : `${withT}Z`);
  if (Number.isNaN(time)) throw new Error(`has the time "${text.slice(0, 40)}"`);
  return time;
}

function readCell(cell: string): Value {
  if (numeric.test(cell)) return Number(cell);
  if (cell === 'true' || cell === 'false') return cell === 'true';
  return cell;
}

/** The cells of one line of CSV; a quoted one may hold commas and doubled quotes (RFC 4180 §2). */
function cells(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const found: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let match = cell.exec(line); match; match = cell.exec(line)) {
    found.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return found;
  }
  throw new Error('has a quote that is not closed');
}

async function openFile(path: string) {
  const stream = createReadStream(path, 'utf8');
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (cause) =>
      reject(
        new HearthError('not_found', `${path} cannot be read: ${messageOf(cause)}`, {
          hint: 'Give a CSV file whose first column is timestamp.',
          cause,
        }),
      ),
    );
  });
  return stream;
}

const broken = (path: string, line: number, reason: string): HearthError =>
  new HearthError('unprocessable', `${path}, line ${line}: ${reason}`, {
    hint: 'A recording is CSV with a header: timestamp,power,voltage…',
  });
