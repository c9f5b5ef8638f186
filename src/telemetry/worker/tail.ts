import type { DuckDBConnection } from '@duckdb/node-api';
import type { Points } from '../points.ts';
import type { Journal } from './journal.ts';
import { PointAppender } from './point-appender.ts';

/** Points that may wait for their turn into a table. */
const mostWaitingPoints = 4_096;

/** What is known of one series within a generation. */
export interface SeriesExtent {
  points: number;
  oldestUs: number;
  newestUs: number;
  /** Whether a point came that was not newer than all before it: a late one, or a repeated one. */
  disordered: boolean;
}

/** Where a stretch of batches can be read again; `Journal` is the real one. */
export type StretchReader = Pick<Journal, 'batches'>;

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
  #appender: PointAppender | undefined;
  /** Whether the table may hold something else than the batches of this stretch. */
  #broken = false;

  constructor(firstSeq: number, receivedUs: number) {
    this.table = `tail_${firstSeq}`;
    this.firstSeq = firstSeq;
    this.lastSeq = firstSeq;
    this.sinceUs = receivedUs;
    this.newestReceivedUs = receivedUs;
  }

  /** Whether so much waits that it should reach the table now; a query or a seal takes it anyway. */
  get isBehind(): boolean {
    return this.#waitingPoints >= mostWaitingPoints;
  }

  /** Takes a committed batch in. It reaches the table later, so that no acknowledgment waits for it. */
  add(seq: number, receivedUs: number, points: Points): void {
    this.lastSeq = seq;
    if (receivedUs > this.newestReceivedUs) this.newestReceivedUs = receivedUs;
    this.points += points.count;
    // A table that is made anew is filled from the journal, which has these too.
    if (!this.#broken) this.#wait(points);
    for (let at = 0; at < points.count; at++) {
      this.#widen(points.series[at] as number, points.timesUs[at] as number);
    }
  }

  /**
   * Brings what waits into the table. To be called within a turn on the connection. How much of a
   * failed append is in the table cannot be known: the next call makes it anew from the journal.
   * @throws Error when DuckDB has no memory left, or a batch cannot be read back.
   */
  async catchUp(connection: DuckDBConnection, journal: StretchReader): Promise<void> {
    try {
      if (this.#broken) await this.#makeAnew(connection, journal);
      if (this.#waiting.length === 0) return;
      this.#appender ??= await PointAppender.create(connection, this.table);
      this.#appender.append(this.#takeWaiting());
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  async drop(connection: DuckDBConnection): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    try {
      appender?.close();
    } catch {
      // What it could not write before, it cannot write now; the table goes anyway.
    }
    await connection.run(`DROP TABLE IF EXISTS ${this.table}`);
  }

  async #makeAnew(connection: DuckDBConnection, journal: StretchReader): Promise<void> {
    await this.drop(connection);
    this.#appender = await PointAppender.create(connection, this.table);
    // From here on nothing else runs: what waits now is in the journal, and nothing more comes.
    this.#takeWaiting();
    for (const { seq, body } of journal.batches(this.firstSeq, this.lastSeq)) {
      if (body === undefined) throw new Error(`batch ${seq} of the journal cannot be read back`);
      this.#wait(body.points);
      if (this.#waitingPoints >= mostWaitingPoints) this.#appender.append(this.#takeWaiting());
    }
    this.#broken = false;
  }

  #wait(points: Points): void {
    this.#waiting.push(points);
    this.#waitingPoints += points.count;
  }

  #takeWaiting(): readonly Points[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingPoints = 0;
    return waiting;
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

  /** What comes from now on goes to another generation than what is here. */
  close(): void {
    this.#closed = this.open;
  }

  /** Forgets a generation whose file is in the manifest. */
  remove(generation: Generation): void {
    this.#generations = this.#generations.filter((one) => one !== generation);
  }
}
