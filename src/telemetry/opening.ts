import { HearthError, type Log } from '#kernel';
import type { Buckets } from './buckets.ts';
import { type Reveal, rowsOf } from './rows.ts';
import type { Sealing } from './sealing.ts';
import type { SeriesBook } from './series.ts';
import type { Storage } from './storage.ts';
import { isNumber, longestSilenceUs, type Reading, Summary, widestGapUs } from './summary.ts';
import type { Sums } from './sums.ts';
import type { Aggregate, TelemetryQuery } from './types.ts';
import type { Page } from './worker/protocol.ts';

/** What whoever asks may see. */
export interface Reader {
  /** Whether they may see values of sensitive metrics. */
  readonly sensitive: boolean;
}

export interface OpeningParts {
  readonly storage: Pick<Storage, 'ask'>;
  readonly series: SeriesBook;
  readonly sealing: Sealing;
  readonly sensitiveOf: (deviceId: string) => ReadonlySet<string>;
  readonly log: Log;
}

interface Span {
  readonly startUs: number;
  readonly endUs: number;
}

/** Values that are opened in one go; everything else on the main thread waits for as long. */
const openedAtOnce = 500;
/** Sensitive values that one answer sums up: they are opened one by one. */
const mostSummed = 200_000;

/**
 * Which metrics a reader is shown, and the values of those that are sealed: the storage worker cannot
 * read them, so they are opened, and summed up, here.
 */
export class Opening {
  readonly #parts: OpeningParts;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
  }

  /** Which of the metrics that are asked for this reader is not shown. */
  withheld(deviceId: string, fields: readonly string[] | undefined, reader: Reader): string[] {
    if (reader.sensitive) return [];
    const metrics = this.#parts.sensitiveOf(deviceId);
    if (metrics.size === 0) return [];
    return (fields ?? [...metrics].sort()).filter((metric) => metrics.has(metric));
  }

  /** What the worker is asked for on behalf of a reader; `undefined` for all that there is. */
  shown(
    deviceId: string,
    fields: readonly string[] | undefined,
    reader: Reader,
  ): readonly string[] | undefined {
    const withheld = this.withheld(deviceId, fields, reader);
    return withheld.length === 0 ? fields : this.others(deviceId, fields, withheld);
  }

  others(
    deviceId: string,
    fields: readonly string[] | undefined,
    without: readonly string[],
  ): readonly string[] {
    return (fields ?? this.known(deviceId)).filter((metric) => !without.includes(metric));
  }

  known(deviceId: string): readonly string[] {
    return [...this.#parts.series.of(deviceId).keys()].sort();
  }

  /** The metrics of which there may be sealed values for a reader to see: sensitive now, or once. */
  secret(
    deviceId: string,
    fields: readonly string[] | undefined,
    reader: Reader,
  ): readonly string[] {
    if (!reader.sensitive) return [];
    const { sealing, sensitiveOf } = this.#parts;
    const [now, once] = [sensitiveOf(deviceId), sealing.of(deviceId)];
    if (now.size === 0 && once.size === 0) return [];
    const wanted = fields ?? this.known(deviceId);
    return wanted.filter((metric) => now.has(metric) || once.has(metric));
  }

  withoutSealed(deviceId: string): { readonly withoutSealed?: true } {
    return this.#parts.sealing.of(deviceId).size === 0 ? {} : { withoutSealed: true };
  }

  async *pages(query: TelemetryQuery): AsyncIterable<Page> {
    const { storage } = this.#parts;
    let page = await storage.ask('page', { query, cursor: undefined });
    for (;;) {
      if (page.timesUs.length > 0) yield page;
      if (page.next === undefined) return;
      page = await storage.ask('page', { query, cursor: page.next });
    }
  }

  /** The rows of a page with what is sealed in them opened, a little at a time. */
  async *rows(page: Page, secret: readonly string[], reveal: Reveal) {
    for (const [start, end] of slicesOf(page, secret.length)) {
      yield { start, rows: rowsOf(page, reveal, start, end) };
      await othersTurn();
    }
  }

  /** What sealed metrics come to, bucket by bucket, each in order of time. */
  async sums(
    deviceId: string,
    span: Span,
    secret: readonly string[],
    aggregates: readonly Aggregate[],
    buckets: Buckets | undefined,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, Sums>>> {
    const wide = withMargins(span, aggregates);
    const readings = await this.collect({ deviceId, ...wide }, secret);
    const sums = new Map<string, ReadonlyMap<number, Sums>>();
    for (const [metric, all] of readings) {
      const found = summedUp(all, span, buckets);
      if (found.size > 0) sums.set(metric, found);
    }
    return sums;
  }

  /** The readings of sealed metrics, opened, in order of time; a metric without any is left out. */
  async collect(
    scope: Pick<TelemetryQuery, 'deviceId' | 'startUs' | 'endUs'>,
    secret: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Reading[]>> {
    const readings = new Map<string, Reading[]>();
    const reveal = this.reveal(scope.deviceId);
    let count = 0;
    for await (const page of this.pages({ ...scope, fields: secret })) {
      for (const cells of page.columns) for (const cell of cells) if (cell !== undefined) count++;
      if (count > mostSummed) throw tooMany(secret);
      for await (const { start, rows } of this.rows(page, secret, reveal)) {
        for (const [at, row] of rows.entries()) {
          const timeUs = page.timesUs[start + at] as number;
          for (const metric of page.names) {
            const value = Object.hasOwn(row, metric) ? row[metric] : undefined;
            if (value === undefined || value === null) continue;
            const all = readings.get(metric) ?? [];
            if (all.length === 0) readings.set(metric, all);
            all.push({ timeUs, value });
          }
        }
      }
    }
    return readings;
  }

  /** One complaint for each answer, however many values do not open. */
  reveal(deviceId: string): Reveal {
    const { log, sealing } = this.#parts;
    let isTold = false;
    return (metric, timeUs, sealed) => {
      const value = sealing.open(deviceId, metric, timeUs, sealed);
      if (value !== undefined) return value;
      if (!isTold) log.error({ deviceId, metric, timeUs }, 'a sealed value does not open');
      isTold = true;
      return null;
    };
  }
}

/** Pieces of a page with no more sealed values in each than are opened at once. */
function* slicesOf(page: Page, metrics: number): Iterable<readonly [start: number, end: number]> {
  const rows = Math.max(1, Math.floor(openedAtOnce / metrics));
  for (let start = 0; start < page.timesUs.length; start += rows) {
    yield [start, Math.min(page.timesUs.length, start + rows)];
  }
}

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The readings of a span, summed up where they lie; those beside it count for what reaches into it. */
function summedUp(
  readings: readonly Reading[],
  { startUs, endUs }: Span,
  buckets: Buckets | undefined,
): ReadonlyMap<number, Sums> {
  const within = readings.filter(({ timeUs }) => timeUs >= startUs && timeUs < endUs);
  const floor = (timeUs: number): number => buckets?.floor(timeUs) ?? startUs;
  const sums = new Map<number, Sums>();
  for (const [bucketUs, some] of Map.groupBy(within, ({ timeUs }) => floor(timeUs))) {
    const [first, last] = [some[0] as Reading, some.at(-1) as Reading];
    const summary = new Summary(some, {
      startUs: Math.max(startUs, bucketUs),
      endUs: Math.min(endUs, buckets?.after(bucketUs) ?? endUs),
      earlier: readings.findLast((one) => one.timeUs < first.timeUs && isNumber(one)),
      later: readings.find((one) => one.timeUs > last.timeUs && isNumber(one)),
    });
    sums.set(bucketUs, summary.sums());
  }
  return sums;
}

/** A span with the time beside it from which something may reach into it. */
function withMargins({ startUs, endUs }: Span, aggregates: readonly Aggregate[]): Span {
  const reaching: readonly Aggregate[] = ['time_weighted_avg', 'energy', 'increase'];
  if (!aggregates.some((one) => reaching.includes(one))) return { startUs, endUs };
  const before = aggregates.includes('increase') ? longestSilenceUs : widestGapUs;
  return { startUs: Math.max(0, startUs - before), endUs: endUs + widestGapUs };
}

const tooMany = (metrics: readonly string[]): HearthError =>
  new HearthError(
    'unprocessable',
    `more than ${mostSummed} sensitive readings would have to be opened (${metrics.join(', ')})`,
    {
      field: 'start',
      hint: 'Ask for less time, for fewer of these fields, or for the readings themselves.',
    },
  );
