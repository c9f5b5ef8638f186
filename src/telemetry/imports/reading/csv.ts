import { basename } from 'node:path';
import { HearthError } from '#kernel';
import type { Value } from '../../types.ts';
import type { Chunks } from './chunks.ts';
import { type Layout, layoutOf, takeRow } from './table.ts';
import { Lines, piecesOf } from './text.ts';

/** A table as RFC 4180 has it, its first row a header. */
export async function readCsvFile(
  path: string,
  device: string | undefined,
  chunks: Chunks,
): Promise<void> {
  const name = basename(path);
  const doneBefore = chunks.done;
  const lines = new Lines({ joinsQuotes: true });
  let table: CsvTable | undefined;
  let number = 0;
  const take = async (line: string): Promise<void> => {
    number++;
    if (line === '') return;
    if (table === undefined) table = new CsvTable(line, device, name);
    else table.take(line, `${name}:${number}`, chunks);
    if (chunks.isFull) await chunks.flush();
  };
  for await (const { text, bytesRead } of piecesOf(path)) {
    for (const line of lines.push(text)) await take(line);
    chunks.done = doneBefore + bytesRead;
  }
  for (const line of lines.end()) await take(line);
}

class CsvTable {
  readonly #layout: Layout;
  readonly #device: string | undefined;
  readonly #columns: number;
  /** A program that puts everything in quotes says nothing by them. */
  readonly #quotesMeanText: boolean;

  constructor(header: string, device: string | undefined, file: string) {
    const cells = cellsOf(header.startsWith('\ufeff') ? header.slice(1) : header);
    const layout = layoutOf(
      cells.map(({ text }) => text.trim()),
      device !== undefined,
    );
    if ('problem' in layout) {
      throw new HearthError('unprocessable', `${file}: ${layout.problem}`, {
        field: 'path',
        ...(layout.hint !== undefined && { hint: layout.hint }),
      });
    }
    this.#layout = layout;
    this.#device = device;
    this.#columns = cells.length;
    this.#quotesMeanText = !cells.every(({ isQuoted }) => isQuoted);
  }

  take(line: string, where: string, chunks: Chunks): void {
    const cells = cellsOf(line);
    if (cells.length !== this.#columns) {
      chunks.leaveOut(where, `the row has ${cells.length} columns, the header ${this.#columns}`);
      return;
    }
    const { device, time, metrics } = this.#layout;
    const row = {
      where,
      device: device === undefined ? this.#device : cells[device]?.text,
      time: cells[time]?.text,
    };
    takeRow(row, metrics, (at) => this.#valueOf(cells[at] as Cell), chunks);
  }

  #valueOf({ text, isQuoted }: Cell): Value | undefined {
    return isQuoted && this.#quotesMeanText ? text : readValue(text);
  }
}

interface Cell {
  readonly text: string;
  readonly isQuoted: boolean;
}

function cellsOf(line: string): Cell[] {
  if (!line.includes('"')) return line.split(',').map((text) => ({ text, isQuoted: false }));
  const cells: Cell[] = [];
  let at = 0;
  do {
    if (line[at] === '"') {
      let end = at + 1;
      while (end < line.length && !(line[end] === '"' && line[end + 1] !== '"')) {
        end += line[end] === '"' ? 2 : 1;
      }
      cells.push({ text: line.slice(at + 1, end).replaceAll('""', '"'), isQuoted: true });
      const comma = line.indexOf(',', end);
      at = comma < 0 ? line.length + 1 : comma + 1;
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      cells.push({ text: line.slice(at, end), isQuoted: false });
      at = end + 1;
    }
  } while (at <= line.length);
  return cells;
}

/** Each digit can belong to one part alone: of a megabyte of digits nothing is tried twice. */
const number = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const nothing: ReadonlySet<string> = new Set(['', 'null', 'nan', 'none', 'na', 'n/a']);

/** What a cell without quotes means; `undefined` when it is empty, in any of the usual ways. */
export function readValue(text: string): Value | undefined {
  const spelled = text.trim();
  if (number.test(spelled)) return Number(spelled);
  const lower = spelled.toLowerCase();
  if (nothing.has(lower)) return undefined;
  if (lower === 'true' || lower === 'false') return lower === 'true';
  return spelled;
}
