import { HearthError } from '#kernel';
import { Batch, type Series } from './batch.ts';
import type { SeriesBook } from './series.ts';
import type { CommitMessage } from './worker/protocol.ts';

/** Where batches go; `Storage` is the real one. */
export interface BatchSink {
  readonly ready: boolean;
  /** Resolves with the batch's sequence number once it is on disk. */
  commit(message: Omit<CommitMessage, 'kind' | 'id'>): Promise<number>;
}

/** More points than this in memory mean that the disk has stalled for seconds. */
const mostPoints = 524_288;
const smallestCapacity = 256;

/**
 * Group commit: one batch is on its way to the disk, one is open. The open one leaves at the end of
 * the turn in which it got its first message when the disk is idle, and otherwise grows until the
 * one before it is safe. So a lone reading waits for one fsync, and ten thousand wait for one too.
 */
export class Committer {
  readonly #sink: BatchSink;
  readonly #series: SeriesBook;
  readonly #onCommitted: (batch: Batch, seq: number) => void;
  readonly #nowMs: () => number;
  #lastOrdinal = 1;
  #open = new Batch(1, smallestCapacity);
  /** The batch on its way to the disk. */
  #leaving: Batch | undefined;
  #inFlight: Promise<void> | undefined;
  #scheduled = false;
  #receivedUs = 0;
  #problem: string | undefined;
  /** When the newest record on disk was received; the hub's clock is judged by it. */
  lastWrittenUs = 0;
  committedSeq = 0;
  lastCommitMs = 0;

  constructor(parts: {
    readonly sink: BatchSink;
    readonly series: SeriesBook;
    /** Monotonic, milliseconds. */
    readonly nowMs: () => number;
    readonly onCommitted: (batch: Batch, seq: number) => void;
  }) {
    this.#sink = parts.sink;
    this.#series = parts.series;
    this.#nowMs = parts.nowMs;
    this.#onCommitted = parts.onCommitted;
  }

  get open(): Batch {
    return this.#open;
  }

  /** Whether storage is there, and what is on disk is known. */
  get ready(): boolean {
    return this.#sink.ready;
  }

  /** Whether the open batch is so full that nothing more may be taken in. */
  get overflowing(): boolean {
    return this.#open.points.count >= mostPoints;
  }

  get waitingPoints(): number {
    return this.#open.points.count;
  }

  /** What the batch of this number waits for; `undefined` once it is on disk. */
  pending(ordinal: number): Promise<void> | undefined {
    if (ordinal === this.#open.ordinal) return this.#open.committed;
    return ordinal === this.#leaving?.ordinal ? this.#leaving.committed : undefined;
  }

  /** Resolves when what has been taken in so far is on disk, or has failed to get there. */
  async underWay(): Promise<void> {
    const { committed } = this.#open;
    const waits = this.#open.points.count > 0 ? committed : this.#leaving?.committed;
    await waits?.catch(() => {});
  }

  /** Why the last commit failed; `undefined` since one succeeded. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Takes the hub's clock for right: what was written at a later time was written by a wrong one. */
  believe(nowUs: number): void {
    if (this.lastWrittenUs > nowUs) this.lastWrittenUs = nowUs;
  }

  /** Says that the open batch has got something at `nowUs`, and should be on its way. */
  due(nowUs: number): void {
    this.#receivedUs = nowUs;
    if (this.#scheduled || this.#inFlight !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Sends the open batch when the disk is idle; otherwise the commit under way will. */
  flush(): void {
    const batch = this.#open;
    if (batch.points.count === 0 || this.#inFlight !== undefined || !this.#sink.ready) return;
    this.#open = this.#nextBatch(Math.max(smallestCapacity, batch.points.count));
    this.#leaving = batch;
    this.#inFlight = this.#commit(batch).finally(() => {
      this.#leaving = undefined;
      this.#inFlight = undefined;
      this.flush();
    });
  }

  /** Resolves when everything taken in so far is on disk, or has failed to get there. */
  async drained(): Promise<void> {
    this.flush();
    while (this.#inFlight !== undefined) await this.#inFlight;
  }

  /** Fails what is still open: for a stop with no storage left to write to. */
  abandon(reason: HearthError): void {
    const batch = this.#open;
    this.#open = this.#nextBatch(smallestCapacity);
    batch.fail(reason);
  }

  #nextBatch(capacity: number): Batch {
    return new Batch(++this.#lastOrdinal, capacity);
  }

  async #commit(batch: Batch): Promise<void> {
    const series: readonly Series[] = this.#series.takeUnsaved();
    const receivedUs = this.#receivedUs;
    const { points } = batch;
    const startMs = this.#nowMs();
    try {
      const seq = await this.#sink.commit({
        buffer: points.buffer,
        capacity: points.capacity,
        count: points.count,
        texts: points.texts,
        deliveries: Float64Array.from(batch.deliveries),
        series,
        receivedUs,
      });
      this.#problem = undefined;
      this.committedSeq = seq;
      this.lastCommitMs = this.#nowMs() - startMs;
      this.lastWrittenUs = Math.max(this.lastWrittenUs, receivedUs);
      // Acknowledgments first: nothing that listens may delay them.
      batch.succeed();
      this.#onCommitted(batch, seq);
    } catch (error) {
      this.#series.giveBack(series);
      const reason =
        error instanceof HearthError
          ? error
          : new HearthError('storage_failed', 'the readings could not be stored', { cause: error });
      this.#problem = reason.message;
      batch.fail(reason);
    }
  }
}
