import { isoOfMicroseconds } from '#kernel';
import { bucketsFor } from './buckets.ts';
import { Opening, type OpeningParts, type Reader } from './opening.ts';
import { rowsOf } from './rows.ts';
import { energyOf, powerMetric, type Reading, Summary, toldOf } from './summary.ts';
import { tell } from './sums.ts';
import { thinColumns } from './thinning.ts';
import { latestUs } from './timestamp.ts';
import {
  type DeviceStatistics,
  defaultAggregates,
  type MetricStatistics,
  type TelemetryQuery,
  type TelemetryRow,
  type Value,
} from './types.ts';

export type { Reader } from './opening.ts';

type Columns = Readonly<Record<string, Value | null>>;

/**
 * Answers questions about the readings of one device. The storage worker answers what it can read;
 * what is sealed is opened here for whoever may see it, and summed up here too.
 */
export class History {
  readonly #storage: OpeningParts['storage'];
  readonly #sensitiveOf: OpeningParts['sensitiveOf'];
  readonly #opening: Opening;

  constructor(parts: OpeningParts) {
    this.#storage = parts.storage;
    this.#sensitiveOf = parts.sensitiveOf;
    this.#opening = new Opening(parts);
  }

  /** Which of the metrics that are asked for this reader is not shown. */
  withheld(deviceId: string, fields: readonly string[] | undefined, reader: Reader): string[] {
    return this.#opening.withheld(deviceId, fields, reader);
  }

  columnsOf(query: TelemetryQuery, reader: Reader): readonly string[] {
    const { deviceId } = query;
    const metrics =
      this.#opening.shown(deviceId, query.fields, reader) ?? this.#opening.known(deviceId);
    if (query.intervalMs === undefined) return metrics;
    const named = query.aggregates ?? defaultAggregates;
    return metrics.flatMap((metric) => toldOf(metric, named).map((one) => `${metric}_${one}`));
  }

  async *query(asked: TelemetryQuery, reader: Reader): AsyncIterable<readonly TelemetryRow[]> {
    const query = { ...asked, ...withinTime(asked) };
    const { deviceId } = query;
    const fields = this.#opening.shown(deviceId, query.fields, reader);
    const hidden = fields === undefined ? query : { ...query, fields };
    const secret = this.#opening.secret(deviceId, query.fields, reader);
    if (secret.length > 0 && query.points !== undefined) {
      yield await this.#thinned(query, query.points, reader);
    } else if (!reader.sensitive) {
      yield* this.#plain({ ...hidden, ...this.#opening.withoutSealed(deviceId) });
    } else if (secret.length === 0) {
      yield* this.#plain(query);
    } else if (query.intervalMs === undefined) {
      yield* this.#opened(query, secret);
    } else {
      yield* this.#buckets(query, query.intervalMs, secret);
    }
  }

  async statistics(
    asked: Pick<TelemetryQuery, 'deviceId' | 'startUs' | 'endUs' | 'fields'>,
    reader: Reader,
  ): Promise<DeviceStatistics> {
    const opening = this.#opening;
    const { deviceId } = asked;
    const span = withinTime(asked);
    const secret = opening.secret(deviceId, asked.fields, reader);
    const shown = opening.shown(deviceId, asked.fields, reader);
    const fields = secret.length === 0 ? shown : opening.others(deviceId, asked.fields, secret);
    const plain = await this.#storage.ask('statistics', { deviceId, fields, ...span });
    if (secret.length === 0) return plain;
    const readings = await opening.collect({ deviceId, ...span }, secret);
    const metrics = new Map<string, MetricStatistics>(Object.entries(plain.metrics));
    for (const [metric, all] of readings) metrics.set(metric, new Summary(all).statistics());
    const sorted = [...metrics].sort(([a], [b]) => (a < b ? -1 : 1));
    const power = secret.includes(powerMetric)
      ? await opening.sums(deviceId, span, [powerMetric], ['energy'], undefined)
      : undefined;
    const sums = power?.get(powerMetric)?.get(span.startUs);
    return {
      metrics: Object.fromEntries(sorted),
      energyKwh: power === undefined ? plain.energyKwh : sums === undefined ? null : energyOf(sums),
    };
  }

  /** The newest value of each sensitive metric, for whoever may see it. */
  async newestSensitive(deviceId: string): Promise<ReadonlyMap<string, Reading>> {
    const newest = new Map<string, Reading>();
    const known = new Set(this.#opening.known(deviceId));
    for (const metric of this.#sensitiveOf(deviceId)) {
      if (!known.has(metric)) continue;
      const span = { startUs: 0, endUs: latestUs, order: 'desc', limit: 1 } as const;
      for await (const page of this.#opening.pages({ deviceId, fields: [metric], ...span })) {
        const value = rowsOf(page, this.#opening.reveal(deviceId))[0]?.[metric];
        const timeUs = page.timesUs[0];
        if (timeUs === undefined || value === undefined || value === null) continue;
        newest.set(metric, { timeUs, value });
      }
    }
    return newest;
  }

  async *#plain(query: TelemetryQuery): AsyncIterable<readonly TelemetryRow[]> {
    for await (const page of this.#opening.pages(query)) yield rowsOf(page, () => null);
  }

  /** Raw readings with what is sealed among them opened, a little at a time. */
  async *#opened(
    query: TelemetryQuery,
    secret: readonly string[],
  ): AsyncIterable<readonly TelemetryRow[]> {
    const reveal = this.#opening.reveal(query.deviceId);
    for await (const page of this.#opening.pages(query)) {
      for await (const { rows } of this.#opening.rows(page, secret, reveal)) yield rows;
    }
  }

  /** Thinned out here, because some of it could not be read before. */
  async #thinned(query: TelemetryQuery, points: number, reader: Reader): Promise<TelemetryRow[]> {
    const { points: _, limit: __, fill: ___, ...all } = query;
    const found = new Map<string, { timesUs: number[]; values: Value[] }>();
    const rising = { ...all, order: 'asc' } as const;
    for await (const rows of this.query(rising, reader)) {
      for (const { timestamp, ...row } of rows) {
        const timeUs = microsecondsOf(timestamp);
        for (const [name, value] of Object.entries(row)) {
          if (value === null) continue;
          const column = found.get(name) ?? { timesUs: [], values: [] };
          if (column.timesUs.length === 0) found.set(name, column);
          column.timesUs.push(timeUs);
          column.values.push(value);
        }
      }
    }
    const columns = [...found].map(([name, column]) => ({ name, ...column }));
    const rows = new Map<number, Record<string, Value>>();
    for (const { name, timesUs, values } of thinColumns(
      columns,
      points,
      query.thinning ?? 'lttb',
    )) {
      timesUs.forEach((timeUs, at) => {
        rows.set(timeUs, { ...rows.get(timeUs), [name]: values[at] as Value });
      });
    }
    const sorted = [...rows].sort(([a], [b]) => (query.order === 'desc' ? b - a : a - b));
    return sorted.map(([timeUs, columns]) => rowAt(timeUs, columns));
  }

  /** Buckets of which some are summed up here: both in one order of time. */
  async *#buckets(
    query: TelemetryQuery,
    intervalMs: number,
    secret: readonly string[],
  ): AsyncIterable<readonly TelemetryRow[]> {
    const { deviceId, fields } = query;
    const sums = await this.#sums(query, intervalMs, secret);
    const plain = { ...query, fields: this.#opening.others(deviceId, fields, secret) };
    const waiting = sums.rows.values();
    const isBefore = (a: number, b: number) => (query.order === 'desc' ? a > b : a < b);
    let next = waiting.next();
    for await (const page of this.#opening.pages(plain)) {
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
    const aggregates = query.aggregates ?? defaultAggregates;
    const span = { startUs, endUs };
    const sums = await this.#opening.sums(deviceId, span, secret, aggregates, buckets);
    const none: Columns = Object.fromEntries(
      [...sums.keys()].flatMap((metric) =>
        toldOf(metric, aggregates).map((one) => [`${metric}_${one}`, null]),
      ),
    );
    const columnsAt = new Map<number, Columns>();
    for (const [metric, found] of sums) {
      const names = toldOf(metric, aggregates);
      if (names.length === 0) continue;
      for (const [bucketUs, one] of found) {
        const told = names.map((name) => [`${metric}_${name}`, tell(name, one)] as const);
        const columns = { ...(columnsAt.get(bucketUs) ?? none), ...Object.fromEntries(told) };
        columnsAt.set(bucketUs, columns);
      }
    }
    const rows = [...columnsAt]
      .map(([timeUs, columns]) => ({ timeUs, columns }))
      .sort((a, b) => (query.order === 'desc' ? b.timeUs - a.timeUs : a.timeUs - b.timeUs));
    return { rows, none };
  }
}

const rowAt = (timeUs: number, columns: Columns): TelemetryRow =>
  ({ timestamp: isoOfMicroseconds(timeUs), ...columns }) as TelemetryRow;

/** The time of a row again, to the microsecond. */
function microsecondsOf(timestamp: string): number {
  const fraction = /\.(\d+)/.exec(timestamp)?.[1] ?? '';
  const secondMs = Math.floor(Date.parse(timestamp) / 1000) * 1000;
  return secondMs * 1000 + Number(fraction.padEnd(6, '0'));
}

/** The part of a span of time in which there can be readings at all. */
export const withinTime = ({ startUs, endUs }: { startUs: number; endUs: number }) => ({
  startUs: Math.max(startUs, 0),
  endUs: Math.min(endUs, latestUs),
});
