import { type Buckets, bucketsFor } from '../buckets.ts';
import { type Aggregate, defaultAggregates, type TelemetryQuery, type Value } from '../types.ts';
import { forEachChunk } from './engine.ts';
import { emptyPage, isDescending, remaining, rowsLeftOf, type Window } from './history-window.ts';
import { asSent, columnsOf, Pivot, read } from './pivot.ts';
import type { Cursor, Page } from './protocol.ts';
import type { OpenScope, Reader } from './reader.ts';

/** Buckets that a page looks at. */
const pageBuckets = 5_000;

/** A stretch of whole buckets, but for where what is asked for ends. */
interface BucketWindow extends Window {
  /** Whether nothing comes after it. */
  readonly last: boolean;
}

/** A page of buckets: a row for every interval with readings, with aggregates of each metric. */
export async function readBucketed(
  reader: Reader,
  query: TelemetryQuery,
  intervalUs: number,
  cursor: Cursor | undefined,
): Promise<Page> {
  const left = remaining(query, cursor);
  const rowsLeft = rowsLeftOf(query, cursor);
  const buckets = bucketsFor(intervalUs, query.timeZone, left.startUs, left.endUs);
  const filled = query.fill === 'null';
  const page = await reader.read<Page | undefined>(left, undefined, async (open) => {
    const stretch = filled ? left : withReadings(left, open);
    if (stretch === undefined) return emptyPage;
    return bucketPage(open, query, buckets, bucketWindow(query, buckets, stretch), rowsLeft);
  });
  if (page !== undefined) return page;
  return filled ? emptyBuckets(query, buckets, left, rowsLeft) : emptyPage;
}

/** The part of a stretch that has readings, so that years of nothing cost nothing. */
function withReadings(left: Window, { sources }: OpenScope): Window | undefined {
  if (sources.extent === undefined) return undefined;
  const startUs = Math.max(left.startUs, sources.extent.oldestUs);
  const endUs = Math.min(left.endUs, sources.extent.newestUs + 1);
  return startUs < endUs ? { startUs, endUs } : undefined;
}

/** As much of a stretch as one page looks at. */
function bucketWindow(query: TelemetryQuery, buckets: Buckets, stretch: Window): BucketWindow {
  const { startUs, endUs } = stretch;
  const spanUs = pageBuckets * buckets.intervalUs;
  if (isDescending(query)) {
    const fromUs = buckets.floor(endUs - spanUs);
    return { startUs: Math.max(startUs, fromUs), endUs, last: fromUs <= startUs };
  }
  const untilUs = buckets.floor(startUs + spanUs);
  return { startUs, endUs: Math.min(endUs, untilUs), last: untilUs >= endUs };
}

/** A page of buckets in which there are no readings at all. */
function emptyBuckets(
  query: TelemetryQuery,
  buckets: Buckets,
  left: Window,
  rowsLeft: number,
): Page {
  const window = bucketWindow(query, buckets, left);
  const pivot = new Pivot([]);
  for (const startUs of edges(query, buckets, window)) pivot.at(startUs);
  return finish(pivot, query, window, rowsLeft);
}

/** Where the buckets of a window begin, in the order of the answer. */
function edges(query: TelemetryQuery, buckets: Buckets, window: Window): number[] {
  const starts: number[] = [];
  for (let at = buckets.floor(window.startUs); at < window.endUs; at = buckets.after(at)) {
    starts.push(at);
  }
  return isDescending(query) ? starts.reverse() : starts;
}

async function bucketPage(
  open: OpenScope,
  query: TelemetryQuery,
  buckets: Buckets,
  window: BucketWindow,
  rowsLeft: number,
): Promise<Page> {
  const aggregates = query.aggregates ?? defaultAggregates;
  const columns = aggregates.flatMap((aggregate) => aggregateSql[aggregate]);
  const pivot = new Pivot(
    open.sources.series.flatMap((one) =>
      aggregates.map(
        (aggregate) => [columnKey(one.id, aggregate), `${one.metric}_${aggregate}`] as const,
      ),
    ),
  );
  if (query.fill === 'null') for (const at of edges(query, buckets, window)) pivot.at(at);
  const byStart = new Map<number, number>();
  await forEachChunk(
    open.connection,
    `SELECT series, (${buckets.keySql('time_us')})::DOUBLE AS bucket, ${columns.join(', ')}
     FROM (${open.relation.sql})
     WHERE time_us >= ${Math.ceil(window.startUs)} AND time_us < ${Math.ceil(window.endUs)}
     GROUP BY series, bucket ORDER BY bucket ${isDescending(query) ? 'DESC' : 'ASC'}`,
    open.relation,
    (chunk) => {
      const vectors = columnsOf(chunk);
      for (let row = 0; row < chunk.rowCount; row++) {
        const key = read(vectors, 1, row) as number;
        const startUs = byStart.get(key) ?? buckets.startOf(key);
        byStart.set(key, startUs);
        pivot.at(startUs);
        const series = read(vectors, 0, row) as number;
        let column = 2;
        for (const aggregate of aggregates) {
          const width = aggregateSql[aggregate].length;
          const value =
            width === 1
              ? read(vectors, column, row)
              : asSent(
                  read(vectors, column + 2, row),
                  read(vectors, column, row),
                  read(vectors, column + 1, row),
                );
          column += width;
          if (value !== null) pivot.put(columnKey(series, aggregate), value as Value);
        }
      }
    },
  );
  pivot.fillGaps();
  if (pivot.rows > 0 || window.last) return finish(pivot, query, window, rowsLeft);
  const nextUs = await nextReading(open, query, window);
  if (nextUs === undefined) return emptyPage;
  const edgeUs = isDescending(query) ? buckets.after(buckets.floor(nextUs)) : buckets.floor(nextUs);
  return { ...emptyPage, next: { edgeUs, spanUs: 0, rowsLeft } };
}

/** The first reading after an empty window, so that nothing is looked at bucket by bucket. */
async function nextReading(
  open: OpenScope,
  query: TelemetryQuery,
  window: Window,
): Promise<number | undefined> {
  const which = isDescending(query)
    ? `max(time_us)::DOUBLE FROM (${open.relation.sql}) WHERE time_us < ${Math.ceil(window.startUs)}`
    : `min(time_us)::DOUBLE FROM (${open.relation.sql}) WHERE time_us >= ${Math.ceil(window.endUs)}`;
  let nextUs: number | undefined;
  await forEachChunk(open.connection, `SELECT ${which}`, open.relation, (chunk) => {
    nextUs = (read(columnsOf(chunk), 0, 0) as number | null) ?? undefined;
  });
  return nextUs;
}

function finish(pivot: Pivot, query: TelemetryQuery, window: BucketWindow, rowsLeft: number): Page {
  const rows = Math.min(pivot.rows, rowsLeft);
  const edgeUs = isDescending(query) ? window.startUs : window.endUs;
  const next = { edgeUs, spanUs: 0, rowsLeft: rowsLeft - rows };
  return pivot.page(rows, window.last || next.rowsLeft === 0 ? undefined : next);
}

/** The columns each aggregate needs; `first` and `last` need a value, a text and which it is. */
const aggregateSql: Readonly<Record<Aggregate, readonly string[]>> = {
  avg: ['avg(value)'],
  min: ['min(value)'],
  max: ['max(value)'],
  sum: ['sum(value)'],
  count: ['count(*)::DOUBLE'],
  first: [
    'arg_min_null(value, time_us)',
    'arg_min_null(text, time_us)',
    'arg_min_null(kind, time_us)',
  ],
  last: [
    'arg_max_null(value, time_us)',
    'arg_max_null(text, time_us)',
    'arg_max_null(kind, time_us)',
  ],
};

const aggregateNames = Object.keys(aggregateSql);
const columnKey = (series: number, aggregate: Aggregate): number =>
  series * aggregateNames.length + aggregateNames.indexOf(aggregate);
