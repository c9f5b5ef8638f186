import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  INTEGER,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { kindOf, kinds, type Points } from '../points.ts';

/** What is known of one series within a generation. */
export interface SeriesExtent {
  points: number;
  oldestUs: number;
  newestUs: number;
  /** Whether a point came that was not newer than all before it: a late one, or a repeated one. */
  disordered: boolean;
}

/**
 * A stretch of the journal in a table that DuckDB can query. A table's `rowid` rises with the
 * order of arrival, which is what "the last value wins" goes by.
 */
export class Generation {
  readonly table: string;
  readonly firstSeq: number;
  lastSeq: number;
  points = 0;
  /** When its first batch was received. */
  readonly sinceUs: number;
  newestReceivedUs: number;
  readonly extents = new Map<number, SeriesExtent>();
  #waiting: Points[] = [];
  #waitingPoints = 0;
  #appender: DuckDBAppender | undefined;

  constructor(firstSeq: number, receivedUs: number) {
    this.table = `tail_${firstSeq}`;
    this.firstSeq = firstSeq;
    this.lastSeq = firstSeq;
    this.sinceUs = receivedUs;
    this.newestReceivedUs = receivedUs;
  }

  get waitingPoints(): number {
    return this.#waitingPoints;
  }

  /** Takes a committed batch in. It reaches the table later, so that no acknowledgment waits for it. */
  add(seq: number, receivedUs: number, points: Points): void {
    this.lastSeq = seq;
    if (receivedUs > this.newestReceivedUs) this.newestReceivedUs = receivedUs;
    this.points += points.count;
    this.#waiting.push(points);
    this.#waitingPoints += points.count;
    for (let at = 0; at < points.count; at++) {
      this.#widen(points.series[at] as number, points.timesUs[at] as number);
    }
  }

  /** Brings what waits into the table. To be called within a turn on the connection. */
  async catchUp(connection: DuckDBConnection): Promise<void> {
    if (this.#waiting.length === 0) return;
    if (this.#appender === undefined) {
      await connection.run(
        `CREATE TABLE ${this.table}
           (series INTEGER, time_us BIGINT, value DOUBLE, text VARCHAR, mark UTINYINT)`,
      );
      this.#appender = await connection.createAppender(this.table);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingPoints = 0;
    append(this.#appender, waiting);
    this.#appender.flushSync();
  }

  async drop(connection: DuckDBConnection): Promise<void> {
    this.#appender?.closeSync();
    this.#appender = undefined;
    await connection.run(`DROP TABLE IF EXISTS ${this.table}`);
  }

  #widen(series: number, timeUs: number): void {
    const extent = this.extents.get(series);
    if (extent === undefined) {
      this.extents.set(series, {
        points: 1,
        oldestUs: timeUs,
        newestUs: timeUs,
        disordered: false,
      });
      return;
    }
    extent.points++;
    if (timeUs > extent.newestUs) extent.newestUs = timeUs;
    else extent.disordered = true;
    if (timeUs < extent.oldestUs) extent.oldestUs = timeUs;
  }
}

/**
 * The newest readings: the generation that is being filled and, while one is being sealed (or could
 * not be), the one before it.
 */
export class Tail {
  #generations: Generation[] = [];
  /** A generation that takes nothing more although it is the newest. */
  #closed: Generation | undefined;

  /** Oldest first. */
  get generations(): readonly Generation[] {
    return this.#generations;
  }

  get points(): number {
    return this.#generations.reduce((sum, one) => sum + one.points, 0);
  }

  /** The generation that new batches go to; `undefined` when there is none yet. */
  get open(): Generation | undefined {
    return this.#generations.at(-1);
  }

  add(seq: number, receivedUs: number, points: Points): Generation {
    let open = this.open;
    if (open === undefined || this.#closed === open) {
      open = new Generation(seq, receivedUs);
      this.#generations.push(open);
    }
    open.add(seq, receivedUs, points);
    return open;
  }

  /** The generation to seal next: the one left over from a failed seal, or the open one, closed. */
  closeOldest(): Generation | undefined {
    const oldest = this.#generations[0];
    if (oldest !== undefined && oldest === this.open) this.#closed = oldest;
    return oldest;
  }

  /** Forgets a generation whose file is in the manifest. */
  remove(generation: Generation): void {
    this.#generations = this.#generations.filter((one) => one !== generation);
  }
}

const columnTypes = [INTEGER, BIGINT, DOUBLE, VARCHAR, UTINYINT];
/** DuckDB's vectors hold 2048 values; making fuller use of each chunk is what makes this fast. */
const chunkRows = 2048;

/** Appends batches in order, in as few chunks as they fit into. */
function append(appender: DuckDBAppender, batches: readonly Points[]): void {
  let rowsLeft = batches.reduce((sum, points) => sum + points.count, 0);
  let batch = 0;
  let at = 0;
  while (rowsLeft > 0) {
    const rows = Math.min(chunkRows, rowsLeft);
    const chunk = DuckDBDataChunk.create(columnTypes, rows);
    const [series, times, values, texts, marks] = columnTypes.map((_, column) =>
      chunk.getColumnVector(column),
    );
    if (!series || !times || !values || !texts || !marks) throw new Error('a column is missing');
    for (let row = 0; row < rows; row++, at++) {
      while (at === batches[batch]?.count) {
        batch++;
        at = 0;
      }
      const points = batches[batch] as Points;
      const mark = points.marks[at] as number;
      const value = points.values[at] as number;
      const isText = kindOf(mark) === kinds.text;
      series.setItem(row, points.series[at] as number);
      times.setItem(row, BigInt(points.timesUs[at] as number));
      values.setItem(row, isText ? null : value);
      texts.setItem(row, isText ? (points.texts[value] ?? '') : null);
      marks.setItem(row, mark);
    }
    for (const vector of [series, times, values, texts, marks]) vector.flush();
    appender.appendDataChunk(chunk);
    rowsLeft -= rows;
  }
}
