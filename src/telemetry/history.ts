import { HearthError, isoOfMicroseconds, type Log } from '#kernel';
import { bucketsFor } from './buckets.ts';
import { type Reveal, rowsOf } from './rows.ts';
import type { Sealing } from './sealing.ts';
import type { SeriesBook } from './series.ts';
import type { Storage } from './storage.ts';
import { energyKwhOf, powerMetric, type Reading, Summary } from './summary.ts';
import { latestUs } from './timestamp.ts';
import {
  type DeviceStatistics,
  defaultAggregates,
  type TelemetryQuery,
  type TelemetryRow,
  type Value,
} from './types.ts';
import type { Page } from './worker/protocol.ts';

/** What whoever asks may see. */
export interface Reader {
  /** Whether they may see values of sensitive metrics. */
  readonly sensitive: boolean;
}

export interface HistoryParts {
  readonly storage: Pick<Storage, 'ask'>;
  readonly series: SeriesBook;
  readonly sealing: Sealing;
  readonly sensitiveOf: (deviceId: string) => ReadonlySet<string>;
  readonly log: Log;
}

/** Values that are opened in one go; everything else on the main thread waits for as long. */
const openedAtOnce = 500;
/** Sensitive values that one answer sums up: they are opened one by one. */
const mostSummed = 200_000;

type Columns = Readonly<Record<string, Value | null>>;

/**
 * Answers questions about readings. The storage worker answers what it can read; values that are
 * sealed are opened here for whoever may see them, and summed up here too.
 */
export class History {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** Which of the metrics that are asked for this reader is not shown. */
  withheld(deviceId: string, fields: readonly string[] | undefined, reader: Reader): string[] {
    if (reader.sensitive) return [];
    const metrics = this.#parts.sensitiveOf(deviceId);
    if (metrics.size === 0) return [];
    return (fields ?? [...metrics].sort()).filter((metric) => metrics.has(metric));
  }

  columnsOf(query: TelemetryQuery, reader: Reader): readonly string[] {
    const metrics =
      this.#shown(query.deviceId, query.fields, reader) ?? this.#known(query.deviceId);
    if (query.intervalMs === undefined) return metrics;
    const named = query.aggregates ?? defaultAggregates;
    return metrics.flatMap((metric) => named.map((aggregate) => `${metric}_${aggregate}`));
  }

  async *query(asked: TelemetryQuery, reader: Reader): AsyncIterable<readonly TelemetryRow[]> {
    const query = { ...asked, ...withinTime(asked) };
    const { deviceId } = query;
    const fields = this.#shown(deviceId, query.fields, reader);
    const hidden = fields === undefined ? query : { ...query, fields };
    if (!reader.sensitive) {
      yield* this.#plain({ ...hidden, ...this.#withoutSealed(deviceId) });
    } else if (query.intervalMs === undefined) {
      yield* this.#opened(query);
    } else {
      yield* this.#buckets(query, query.intervalMs);
    }
  }

  async statistics(
    asked: Pick<TelemetryQuery, 'deviceId' | 'startUs' | 'endUs' | 'fields'>,
    reader: Reader,
  ): Promise<DeviceStatistics> {
    const { storage } = this.#parts;
    const { deviceId } = asked;
    const span = withinTime(asked);
    const secret = reader.sensitive ? this.#secret(deviceId, asked.fields) : [];
    const shown = this.#shown(deviceId, asked.fields, reader);
    const fields = secret.length === 0 ? shown : this.#others(deviceId, asked.fields, secret);
    const without = this.#withoutSealed(deviceId);
    const plain = await storage.ask('statistics', { deviceId, fields, ...span, ...without });
    if (secret.length === 0) return plain;
    const readings = await this.#collect({ deviceId, ...span }, secret);
    const sums = [...readings].map(([metric, all]) => [metric, new Summary(all).statistics()]);
    const metrics = [...Object.entries(plain.metrics), ...sums] as [string, never][];
    return {
      metrics: Object.fromEntries(metrics.sort(([a], [b]) => (a < b ? -1 : 1))),
      energyKwh: secret.includes(powerMetric)
        ? energyKwhOf(readings.get(powerMetric) ?? [])
        : plain.energyKwh,
    };
  }

  /** The newest value of each sensitive metric, for whoever may see it. */
  async newestSensitive(deviceId: string): Promise<ReadonlyMap<string, Reading>> {
    const newest = new Map<string, Reading>();
    const known = new Set(this.#known(deviceId));
    for (const metric of this.#parts.sensitiveOf(deviceId)) {
      if (!known.has(metric)) continue;
      const span = { startUs: 0, endUs: latestUs, order: 'desc', limit: 1 } as const;
      for await (const page of this.#pages({ deviceId, fields: [metric], ...span })) {
        const value = rowsOf(page, this.#reveal(deviceId))[0]?.[metric];
        const timeUs = page.timesUs[0];
        if (timeUs === undefined || value === undefined || value === null) continue;
        newest.set(metric, { timeUs, value });
      }
    }
    return newest;
  }

  /** What the worker is asked for on behalf of a reader; `undefined` for all that there is. */
  #shown(
    deviceId: string,
    fields: readonly string[] | undefined,
    reader: Reader,
  ): readonly string[] | undefined {
    const withheld = this.withheld(deviceId, fields, reader);
    return withheld.length === 0 ? fields : this.#others(deviceId, fields, withheld);
  }

  #others(
    deviceId: string,
    fields: readonly string[] | undefined,
    without: readonly string[],
  ): readonly string[] {
    return (fields ?? this.#known(deviceId)).filter((metric) => !without.includes(metric));
  }

  #known(deviceId: string): readonly string[] {
    return [...this.#parts.series.of(deviceId).keys()].sort();
  }

  /** The metrics of which there may be sealed values: sensitive now, or once. */
  #secret(deviceId: string, fields: readonly string[] | undefined): readonly string[] {
    const { sealing, sensitiveOf } = this.#parts;
    const [now, once] = [sensitiveOf(deviceId), sealing.of(deviceId)];
    if (now.size === 0 && once.size === 0) return [];
    const wanted = fields ?? this.#known(deviceId);
    return wanted.filter((metric) => now.has(metric) || once.has(metric));
  }

  #withoutSealed(deviceId: string): { readonly withoutSealed?: true } {
    return this.#parts.sealing.of(deviceId).size === 0 ? {} : { withoutSealed: true };
  }

  async *#pages(query: TelemetryQuery): AsyncIterable<Page> {
    const { storage } = this.#parts;
    let page = await storage.ask('page', { query, cursor: undefined });
    for (;;) {
      if (page.timesUs.length > 0) yield page;
      if (page.next === undefined) return;
      page = await storage.ask('page', { query, cursor: page.next });
    }
  }

  async *#plain(query: TelemetryQuery): AsyncIterable<readonly TelemetryRow[]> {
    for await (const page of this.#pages(query)) yield rowsOf(page, () => null);
  }

  /** Raw readings with what is sealed among them opened, a little at a time. */
  async *#opened(query: TelemetryQuery): AsyncIterable<readonly TelemetryRow[]> {
    const secret = this.#secret(query.deviceId, query.fields);
    if (secret.length === 0) {
      yield* this.#plain(query);
      return;
    }
    const reveal = this.#reveal(query.deviceId);
    for await (const page of this.#pages(query)) {
      for (const [start, end] of slicesOf(page, secret.length)) {
        yield rowsOf(page, reveal, start, end);
        await othersTurn();
      }
    }
  }

  /** Buckets of which some are summed up here: both in one order of time. */
  async *#buckets(
    query: TelemetryQuery,
    intervalMs: number,
  ): AsyncIterable<readonly TelemetryRow[]> {
    const { deviceId, fields } = query;
    const secret = this.#secret(deviceId, fields);
    if (secret.length === 0) {
      yield* this.#plain(query);
      return;
    }
    const sums = await this.#sums(query, intervalMs, secret);
    const plain = { ...query, fields: this.#others(deviceId, fields, secret) };
    const waiting = sums.rows.values();
    const isBefore = (a: number, b: number) => (query.order === 'desc' ? a > b : a < b);
    let next = waiting.next();
    for await (const page of this.#pages({ ...plain, ...this.#withoutSealed(deviceId) })) {
      const rows: TelemetryRow[] = [];
      for (const [at, row] of rowsOf(page, () => null).entries()) {
        const timeUs = page.timesUs[at] as number;
        for (; !next.done && isBefore(next.value.timeUs, timeUs); next = waiting.next()) {
          rows.push(rowAt(next.value.timeUs, next.value.columns));
        }
        if (!next.done && next.value.timeUs === timeUs) {
          rows.push({ ...row, ...next.value.columns } as TelemetryRow);
          next = waiting.next();
        } else rows.push({ ...row, ...sums.none } as TelemetryRow);
      }
      yield rows;
    }
    const rest: TelemetryRow[] = [];
    for (; !next.done; next = waiting.next()) {
      rest.push(rowAt(next.value.timeUs, next.value.columns));
    }
    if (rest.length > 0) yield rest;
  }

  /** The buckets of sealed metrics, in the order of the answer, and what a bucket without any has. */
  async #sums(query: TelemetryQuery, intervalMs: number, secret: readonly string[]) {
    const { deviceId, startUs, endUs, timeZone } = query;
    const buckets = bucketsFor(intervalMs * 1000, timeZone, startUs, endUs);
    const readings = await this.#collect({ deviceId, startUs, endUs }, secret);
    const aggregates = query.aggregates ?? defaultAggregates;
    const none: Columns = Object.fromEntries(
      [...readings.keys()].flatMap((metric) => aggregates.map((one) => [`${metric}_${one}`, null])),
    );
    const columnsAt = new Map<number, Columns>();
    for (const [metric, all] of readings) {
      for (const [bucketUs, within] of Map.groupBy(all, ({ timeUs }) => buckets.floor(timeUs))) {
        const summary = new Summary(within);
        const told = aggregates.map((one) => [`${metric}_${one}`, summary.tell(one)] as const);
        const columns = { ...(columnsAt.get(bucketUs) ?? none), ...Object.fromEntries(told) };
        columnsAt.set(bucketUs, columns);
      }
    }
    const rows = [...columnsAt]
      .map(([timeUs, columns]) => ({ timeUs, columns }))
      .sort((a, b) => (query.order === 'desc' ? b.timeUs - a.timeUs : a.timeUs - b.timeUs));
    return { rows, none };
  }

  /** The readings of sealed metrics, opened, in order of time; a metric without any is left out. */
  async #collect(
    scope: Pick<TelemetryQuery, 'deviceId' | 'startUs' | 'endUs'>,
    secret: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Reading[]>> {
    const readings = new Map<string, Reading[]>();
    const reveal = this.#reveal(scope.deviceId);
    let count = 0;
    for await (const page of this.#pages({ ...scope, fields: secret })) {
      for (const cells of page.columns) for (const cell of cells) if (cell !== undefined) count++;
      if (count > mostSummed) throw tooMany(secret);
      for (const [start, end] of slicesOf(page, secret.length)) {
        for (const [at, row] of rowsOf(page, reveal, start, end).entries()) {
          const timeUs = page.timesUs[start + at] as number;
          for (const metric of page.names) {
            const value = Object.hasOwn(row, metric) ? row[metric] : undefined;
            if (value === undefined || value === null) continue;
            const all = readings.get(metric) ?? [];
            if (all.length === 0) readings.set(metric, all);
            all.push({ timeUs, value });
          }
        }
        await othersTurn();
      }
    }
    return readings;
  }

  /** One complaint for each answer, however many values do not open. */
  #reveal(deviceId: string): Reveal {
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

const rowAt = (timeUs: number, columns: Columns): TelemetryRow =>
  ({ timestamp: isoOfMicroseconds(timeUs), ...columns }) as TelemetryRow;

/** The part of a span of time in which there can be readings at all. */
const withinTime = ({ startUs, endUs }: { startUs: number; endUs: number }) => ({
  startUs: Math.max(startUs, 0),
  endUs: Math.min(endUs, latestUs),
});

const tooMany = (metrics: readonly string[]): HearthError =>
  new HearthError(
    'unprocessable',
    `more than ${mostSummed} sensitive readings would have to be opened (${metrics.join(', ')})`,
    {
      field: 'start',
      hint: 'Ask for less time, for fewer of these fields, or for the readings themselves.',
    },
  );
