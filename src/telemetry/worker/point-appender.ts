import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBVector,
  INTEGER,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { isText, kindOf, type Points } from '../points.ts';

const columnTypes = [INTEGER, BIGINT, DOUBLE, VARCHAR, UTINYINT];
/** What a chunk of DuckDB holds. Full ones are what makes appending fast. */
const chunkRows = 2048;

/** A chunk with a writer for each of its columns. */
interface Chunk {
  readonly data: DuckDBDataChunk;
  readonly series: DuckDBVector;
  readonly times: DuckDBVector;
  readonly values: DuckDBVector;
  readonly texts: DuckDBVector;
  readonly marks: DuckDBVector;
}

/**
 * Appends points to a table of a generation. One chunk is used over and over: a new one for each
 * append is memory outside of JavaScript that waits for a garbage collection nobody sees a need for.
 */
export class PointAppender {
  readonly #appender: DuckDBAppender;
  #chunk = newChunk();

  private constructor(appender: DuckDBAppender) {
    this.#appender = appender;
  }

  static async create(connection: DuckDBConnection, table: string): Promise<PointAppender> {
    await connection.run(
      `CREATE TABLE ${table}
         (series INTEGER, time_us BIGINT, value DOUBLE, text VARCHAR, mark UTINYINT)`,
    );
    return new PointAppender(await connection.createAppender(table));
  }

  /** Appends batches in order, in as few chunks as they fit into. */
  append(batches: readonly Points[]): void {
    let row = 0;
    let hasTexts = false;
    for (const points of batches) {
      for (let at = 0; at < points.count; at++) {
        const mark = points.marks[at] as number;
        const value = points.values[at] as number;
        this.#chunk.series.setItem(row, points.series[at] as number);
        this.#chunk.times.setItem(row, BigInt(points.timesUs[at] as number));
        this.#chunk.marks.setItem(row, mark);
        if (isText(kindOf(mark))) {
          hasTexts = true;
          this.#chunk.values.setItem(row, null);
          this.#chunk.texts.setItem(row, points.texts[value] ?? '');
        } else this.#chunk.values.setItem(row, value);
        if (++row < chunkRows) continue;
        this.#flush(row, hasTexts);
        row = 0;
        hasTexts = false;
      }
    }
    if (row > 0) this.#flush(row, hasTexts);
    this.#appender.flushSync();
  }

  close(): void {
    this.#appender.closeSync();
  }

  #flush(rows: number, hasTexts: boolean): void {
    const { data, series, times, values, texts, marks } = this.#chunk;
    for (const column of [series, times, values, marks]) column.flush();
    if (hasTexts) texts.flush();
    data.rowCount = rows;
    this.#appender.appendDataChunk(data);
    // The bytes of texts stay with a chunk as long as it lives, and so do the nulls around them.
    if (hasTexts) this.#chunk = newChunk();
  }
}

function newChunk(): Chunk {
  const data = DuckDBDataChunk.create(columnTypes, chunkRows);
  const [series, times, values, texts, marks] = columnTypes.map((_, column) =>
    data.getColumnVector(column),
  );
  if (!series || !times || !values || !texts || !marks) throw new Error('a column is missing');
  // Null until a row has a text: most readings are numbers, and setting a null is dear.
  for (let row = 0; row < chunkRows; row++) texts.setItem(row, null);
  texts.flush();
  return { data, series, times, values, texts, marks };
}
