import { isoOfMicroseconds } from '#kernel';
import { type Buckets, bucketsFor } from './buckets.ts';
import { type Comparison, type EarlierTime, earlierTime } from './comparison.ts';
import { Opening, type OpeningParts, type Reader } from './opening.ts';
import { energyOf, powerMetric, toldOf } from './summary.ts';
import { type Sums, sumsAt, tell, together } from './sums.ts';
import {
  type Aggregate,
  type DeviceStatistics,
  defaultAggregates,
  type MetricStatistics,
  type TelemetryRow,
  type Value,
} from './types.ts';

/** Devices whose readings are summed up together. */
export interface DeviceGroup {
  readonly deviceIds: readonly string[];
}

export interface GroupQuery {
  readonly groups: readonly DeviceGroup[];
  readonly startUs: number;
  readonly endUs: number;
  readonly intervalMs: number;
  readonly timeZone: string;
  readonly fields?: readonly string[];
  readonly aggregates?: readonly Aggregate[];
  /** Every bucket is a row then, also where nothing was sent. */
  readonly fill?: 'null';
}

/** What a group comes to: a row for every bucket with readings of any of its devices. */
export interface GroupSeries {
  readonly rows: readonly TelemetryRow[];
}

export interface Compared {
  readonly startUs: number;
  readonly endUs: number;
  /** Of each group in order: as many rows as the answer that it is beside. */
  readonly series: readonly GroupSeries[];
}

interface Span {
  readonly startUs: number;
  readonly endUs: number;
}

/** The buckets of a group, each with its metrics. */
type Found = Map<number, Map<string, Sums>>;

const statisticsOf: readonly Aggregate[] = [
  'count',
  'min',
  'max',
  'avg',
  'sum',
  'first',
  'last',
  'energy',
];

/** Answers questions about several devices at once. */
export class HomeHistory {
  readonly #storage: OpeningParts['storage'];
  readonly #opening: Opening;

  constructor(parts: OpeningParts) {
    this.#storage = parts.storage;
    this.#opening = new Opening(parts);
  }

  /** One series for each group. Only buckets with something to tell are rows, unless filled. */
  async series(query: GroupQuery, reader: Reader): Promise<readonly GroupSeries[]> {
    const found = await this.#find(query, reader);
    return found.map((group) => {
      const columns = columnsOf([group], query);
      const starts =
        query.fill === 'null'
          ? startsOf(query, bucketsOf(query))
          : [...group.keys()].filter((at) => tells(group, at, columns)).sort((a, b) => a - b);
      return { rows: rowsAt(starts, group, columns) };
    });
  }

  /**
   * The same beside an earlier time, row beside row: of the earlier time the buckets of the same wall
   * time, or of the same place in it. Where neither has anything to tell there is no row, unless filled.
   */
  async compare(
    query: GroupQuery,
    comparison: Comparison,
    reader: Reader,
  ): Promise<{ readonly series: readonly GroupSeries[]; readonly compared: Compared }> {
    const earlier = earlierTime(comparison, query, query.timeZone);
    const buckets = bucketsOf(query);
    const starts = startsOf(query, buckets);
    const then = { ...query, startUs: earlier.startUs, endUs: earlier.endUs };
    const [now, before] = [await this.#find(query, reader), await this.#find(then, reader)];
    const startsThen = counterparts(starts, query, then, earlier);
    const series: GroupSeries[] = [];
    const compared: GroupSeries[] = [];
    now.forEach((group, at) => {
      const past: Found = before[at] ?? new Map();
      const columns = columnsOf([group, past], query);
      const places = starts.flatMap((start, place) => {
        const isKept =
          query.fill === 'null' ||
          tells(group, start, columns) ||
          tells(past, startsThen[place], columns);
        return isKept ? [place] : [];
      });
      const chosen = (all: readonly (number | undefined)[]) => places.map((place) => all[place]);
      series.push({ rows: rowsAt(chosen(starts), group, columns) });
      compared.push({ rows: rowsAt(chosen(startsThen), past, columns) });
    });
    const { startUs, endUs } = earlier;
    return { series, compared: { startUs, endUs, series: compared } };
  }

  /** Statistics of several devices; without shares, which need every single reading. */
  async statistics(
    asked: Span & {
      readonly deviceIds: readonly string[];
      readonly fields?: readonly string[] | undefined;
    },
    reader: Reader,
  ): Promise<ReadonlyMap<string, DeviceStatistics>> {
    const { startUs, endUs, deviceIds, fields } = asked;
    const span = { startUs, endUs };
    const devices = deviceIds.map((deviceId) => this.#plain(deviceId, fields, reader));
    const plain = await this.#storage.ask('manyStatistics', { devices, ...span });
    const answer = new Map<string, DeviceStatistics>();
    for (const deviceId of deviceIds) {
      const one = plain[deviceId] ?? { metrics: {}, energyKwh: null };
      answer.set(deviceId, await this.#withSecret(deviceId, one, span, fields, reader));
    }
    return answer;
  }

  async #withSecret(
    deviceId: string,
    plain: DeviceStatistics,
    span: Span,
    fields: readonly string[] | undefined,
    reader: Reader,
  ): Promise<DeviceStatistics> {
    const secret = this.#opening.secret(deviceId, fields, reader);
    if (secret.length === 0) return plain;
    const sums = await this.#opening.sums(deviceId, span, secret, statisticsOf, undefined);
    const metrics = new Map<string, MetricStatistics>(Object.entries(plain.metrics));
    let { energyKwh } = plain;
    for (const [metric, buckets] of sums) {
      const found = buckets.get(span.startUs);
      if (found === undefined) continue;
      metrics.set(metric, { ...withoutShares(found) });
      if (metric === powerMetric) energyKwh = energyOf(found);
    }
    const sorted = [...metrics].sort(([a], [b]) => (a < b ? -1 : 1));
    return { metrics: Object.fromEntries(sorted), energyKwh };
  }

  async #find(query: GroupQuery, reader: Reader): Promise<readonly Found[]> {
    const { groups, fields, startUs, endUs, intervalMs, timeZone } = query;
    const aggregates = query.aggregates ?? defaultAggregates;
    const table = await this.#storage.ask('groups', {
      groups: groups.map(({ deviceIds }) =>
        deviceIds.map((deviceId) => this.#plain(deviceId, fields, reader)),
      ),
      startUs,
      endUs,
      intervalMs,
      timeZone,
      aggregates,
    });
    const found: Found[] = groups.map(() => new Map());
    for (let row = 0; row < table.rows; row++) {
      const group = found[table.group[row] as number] as Found;
      const metric = table.metrics[table.metric[row] as number] as string;
      add(group, table.startUs[row] as number, metric, sumsAt(table, row));
    }
    const buckets = bucketsOf(query);
    for (const [at, { deviceIds }] of groups.entries()) {
      for (const deviceId of deviceIds) {
        const secret = this.#opening.secret(deviceId, fields, reader);
        if (secret.length === 0) continue;
        const span = { startUs, endUs };
        const sums = await this.#opening.sums(deviceId, span, secret, aggregates, buckets);
        for (const [metric, ofMetric] of sums) {
          for (const [bucketUs, one] of ofMetric) add(found[at] as Found, bucketUs, metric, one);
        }
      }
    }
    return found;
  }

  /** What the storage worker is asked about a device: what this reader may see and it can read. */
  #plain(deviceId: string, fields: readonly string[] | undefined, reader: Reader) {
    const secret = this.#opening.secret(deviceId, fields, reader);
    const shown = this.#opening.shown(deviceId, fields, reader);
    return {
      deviceId,
      fields: secret.length === 0 ? shown : this.#opening.others(deviceId, shown, secret),
    };
  }
}

function add(group: Found, bucketUs: number, metric: string, sums: Sums): void {
  const bucket = group.get(bucketUs) ?? new Map<string, Sums>();
  if (bucket.size === 0) group.set(bucketUs, bucket);
  const known = bucket.get(metric);
  bucket.set(metric, known === undefined ? sums : together(known, sums));
}

const bucketsOf = (query: GroupQuery): Buckets =>
  bucketsFor(query.intervalMs * 1000, query.timeZone, query.startUs, query.endUs);

function startsOf({ startUs, endUs }: Span, buckets: Buckets): number[] {
  const starts: number[] = [];
  for (let at = buckets.floor(startUs); at < endUs; at = buckets.after(at)) starts.push(at);
  return starts;
}

/** Where the earlier bucket begins that stands beside each; `undefined` where there is none. */
function counterparts(
  starts: readonly number[],
  query: GroupQuery,
  then: GroupQuery,
  { shift }: EarlierTime,
): readonly (number | undefined)[] {
  const buckets = bucketsOf(then);
  if (shift === undefined) {
    const startsThen = startsOf(then, buckets);
    return starts.map((_, at) => startsThen[at]);
  }
  return starts.map((startUs) => {
    const { us, exists } = shift(Math.max(startUs, query.startUs));
    return exists ? buckets.floor(us) : undefined;
  });
}

type Columns = readonly (readonly [name: string, metric: string, aggregate: Aggregate])[];

function columnsOf(groups: readonly Found[], query: GroupQuery): Columns {
  const metrics = new Set<string>();
  for (const group of groups) {
    for (const bucket of group.values()) for (const metric of bucket.keys()) metrics.add(metric);
  }
  const aggregates = query.aggregates ?? defaultAggregates;
  return [...metrics]
    .sort()
    .flatMap((metric) =>
      toldOf(metric, aggregates).map((one) => [`${metric}_${one}`, metric, one] as const),
    );
}

/** Whether a bucket has readings of which any column tells. */
function tells(group: Found, startUs: number | undefined, columns: Columns): boolean {
  const bucket = startUs === undefined ? undefined : group.get(startUs);
  return bucket !== undefined && columns.some(([, metric]) => bucket.has(metric));
}

function rowsAt(
  starts: readonly (number | undefined)[],
  group: Found,
  columns: Columns,
): TelemetryRow[] {
  return starts.map((startUs) => {
    const bucket = startUs === undefined ? undefined : group.get(startUs);
    const row: Record<string, Value | null> = {};
    if (startUs !== undefined) row.timestamp = isoOfMicroseconds(startUs);
    else row.timestamp = null;
    for (const [name, metric, aggregate] of columns) {
      const sums = bucket?.get(metric);
      row[name] = sums === undefined ? null : tell(aggregate, sums);
    }
    return row as TelemetryRow;
  });
}

const withoutShares = (sums: Sums): MetricStatistics => ({
  count: sums.count,
  min: sums.min,
  max: sums.max,
  avg: tell('avg', sums) as number | null,
  sum: sums.sum,
  first: sums.first,
  last: sums.last,
  p50: null,
  p95: null,
  p99: null,
});
