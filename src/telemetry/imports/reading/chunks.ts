import { PointBuffer } from '../../points.ts';
import type { Value } from '../../types.ts';
import type { ImportChunk, LeftOut, SourceSeries } from '../types.ts';

/** Points that are handed over at once: some milliseconds of the hub's main thread. */
const pointsAtOnce = 16_384;
const mostReasons = 50;

/** Gathers points, and hands them to the hub, which answers when they are on disk. */
export class Chunks {
  readonly #send: (chunk: ImportChunk) => Promise<unknown>;
  #points = new PointBuffer(pointsAtOnce);
  #series: SourceSeries[] = [];
  #numbers = new Map<string, number>();
  #leftOut = new Map<string, { where: string; reason: string; count: number }>();
  readonly #told = new Map<string, string>();
  /** How far the reading is. */
  done = 0;
  total = 0;

  constructor(send: (chunk: ImportChunk) => Promise<unknown>) {
    this.#send = send;
  }

  /** The number of a series in this chunk; `key` tells it apart from all others of the job. */
  seriesOf(key: string, make: () => SourceSeries): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#series.push(make()) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  add(series: number, timeUs: number, value: Value): void {
    this.#points.add(series, timeUs, value, 0);
  }

  /** Of one `kind` the reason that was met first is told for all. */
  leaveOut(where: string, met: string, kind?: string): void {
    const reason = kind === undefined ? met : (this.#told.get(kind) ?? met);
    if (kind !== undefined) this.#told.set(kind, reason);
    const known = this.#leftOut.get(reason);
    if (known !== undefined) known.count++;
    else this.#leftOut.set(reason, { where, reason, count: 1 });
  }

  /** Whether there is enough to be handed over. */
  get isFull(): boolean {
    return this.#points.count >= pointsAtOnce || this.#leftOut.size >= mostReasons;
  }

  async flush(): Promise<void> {
    const { buffer, capacity, count, texts } = this.#points;
    const leftOut: LeftOut[] = [...this.#leftOut.values()];
    const { done, total } = this;
    const series = this.#series;
    this.#points = new PointBuffer(pointsAtOnce);
    this.#series = [];
    this.#numbers = new Map();
    this.#leftOut = new Map();
    await this.#send({ series, buffer, capacity, count, texts, leftOut, done, total });
  }
}
