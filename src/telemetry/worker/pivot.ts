import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
import { kinds } from '../points.ts';
import type { Value } from '../types.ts';
import type { Cell, Cursor, Page } from './protocol.ts';

/** Gathers values that come in order of time into rows with a column for each metric. */
export class Pivot {
  readonly #names: ReadonlyMap<number, string>;
  readonly #columns = new Map<number, Cell[]>();
  readonly #times: number[] = [];
  /** Where each time's row is, for rows that were laid out beforehand. */
  readonly #rowOf = new Map<number, number>();
  #row = -1;

  /** `columns` may be used; a column without a value does not appear. */
  constructor(columns: readonly (readonly [key: number, name: string])[]) {
    this.#names = new Map(columns);
  }

  get rows(): number {
    return this.#times.length;
  }

  /** Goes to the row of a time, and begins it where there is none. */
  at(timeUs: number): void {
    if (this.#row >= 0 && this.#times[this.#row] === timeUs) return;
    this.#row = this.#rowOf.get(timeUs) ?? this.#times.push(timeUs) - 1;
    this.#rowOf.set(timeUs, this.#row);
  }

  put(column: number, value: Cell): void {
    let values = this.#columns.get(column);
    if (values === undefined) {
      values = [];
      this.#columns.set(column, values);
    }
    values[this.#row] = value;
  }

  /** Writes `null` wherever a row has no value. */
  fillGaps(): void {
    for (const values of this.#columns.values()) {
      for (let row = 0; row < this.#times.length; row++) values[row] ??= null;
    }
  }

  /** Takes the last row away again, and answers its time. */
  dropLastRow(): number | undefined {
    const timeUs = this.#times.pop();
    for (const values of this.#columns.values()) {
      if (values.length > this.#times.length) values.length = this.#times.length;
    }
    return timeUs;
  }

  page(rows: number, next: Cursor | undefined): Page {
    const used = [...this.#names].filter(([key]) => this.#columns.has(key));
    return {
      timesUs: Float64Array.from(this.#times.slice(0, rows)),
      names: used.map(([, name]) => name),
      columns: used.map(([key]) => {
        const values = this.#columns.get(key) ?? [];
        return Array.from({ length: rows }, (_, row) => values[row]);
      }),
      next,
    };
  }
}

/** A value as it was sent, from the columns it is kept in; `null` for one that is sealed. */
export function asSent(kind: unknown, value: unknown, text: unknown): Value | null {
  if (kind === kinds.sealed) return null;
  if (kind === kinds.text) return String(text ?? '');
  if (kind === kinds.boolean) return value === 1;
  return value as number;
}

/** As above, with what a sealed one was sealed to. */
export const asKept = (kind: unknown, value: unknown, text: unknown): Cell =>
  kind === kinds.sealed ? { sealed: String(text ?? '') } : asSent(kind, value, text);

/** A reader for each column of a chunk, in order. */
export const columnsOf = (chunk: DuckDBDataChunk): DuckDBVector[] =>
  Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column));

/** Reads one place of one column; a column that the statement did not ask for reads as `null`. */
export const read = (columns: readonly DuckDBVector[], column: number, row: number): unknown =>
  columns[column]?.getItem(row) ?? null;
