import { type Buckets, bucketsFor } from '../buckets.ts';
import { toldOf } from '../summary.ts';
import { tell } from '../sums.ts';
import { type Aggregate, aggregates, defaultAggregates, type TelemetryQuery } from '../types.ts';
import { forEachChunk } from './engine.ts';
import { emptyPage, isDescending, remaining, rowsLeftOf, type Window } from './history-window.ts';
import { columnsOf, Pivot, read } from './pivot.ts';
import { planOf } from './planner/plan.ts';
import { eachSums, withMargins } from './planner/sums.ts';
import type { Cursor, Page } from './protocol.ts';
import type { OpenSources, Reader } from './reader.ts';
import { extentOf } from './sources.ts';

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
  const filled = query.fill === 'null';
  const bucketsOf = ({ startUs, endUs }: Window): Buckets =>
    bucketsFor(intervalUs, query.timeZone, startUs, endUs);
  const named = query.aggregates ?? defaultAggregates;
  const wanted = { devices: [query], ...withMargins(left, named) };
  const page = await reader.read<Page | undefined>(wanted, undefined, async (open) => {
    const narrowed = filled ? left : withReadings(left, open);
    if (narrowed === undefined) return emptyPage;
    const buckets = bucketsOf(narrowed);
    // Whole buckets, but for where the question ends: a value stands on after its reading.
    const stretch = {
      startUs: Math.max(left.startUs, buckets.floor(narrowed.startUs)),
      endUs: Math.min(left.endUs, buckets.after(narrowed.endUs - 1)),
    };
    return bucketPage(open, query, buckets, bucketWindow(query, buckets, stretch), rowsLeft);
  });
  if (page !== undefined) return page;
  return filled ? emptyBuckets(query, bucketsOf(left), left, rowsLeft) : emptyPage;
}

/** The part of a stretch that has readings, so that years of nothing cost nothing. */
function withReadings(left: Window, { sources }: OpenSources): Window | undefined {
  const extent = extentOf(sources, left);
  if (extent === undefined) return undefined;
  const startUs = Math.max(left.startUs, extent.oldestUs);
  const endUs = Math.min(left.endUs, extent.newestUs + 1);
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
  open: OpenSources,
  query: TelemetryQuery,
  buckets: Buckets,
  window: BucketWindow,
  rowsLeft: number,
): Promise<Page> {
  const named = query.aggregates ?? defaultAggregates;
  const toldOfSeries = new Map(
    open.sources.series.map(({ id, metric }) => [id, toldOf(metric, named)]),
  );
  const pivot = new Pivot(
    open.sources.series.flatMap((one) =>
      (toldOfSeries.get(one.id) ?? []).map(
        (aggregate) => [columnKey(one.id, aggregate), `${one.metric}_${aggregate}`] as const,
      ),
    ),
  );
  if (query.fill === 'null') for (const at of edges(query, buckets, window)) pivot.at(at);
  const asked = {
    ...window,
    buckets,
    aggregates: named,
    ...(query.order && { order: query.order }),
  };
  await eachSums(open, asked, (series, startUs, sums) => {
    const told = toldOfSeries.get(series) ?? [];
    if (told.length === 0) return;
    pivot.at(startUs);
    for (const aggregate of told) {
      const value = tell(aggregate, sums);
      if (value !== null) pivot.put(columnKey(series, aggregate), value);
    }
  });
  pivot.fillGaps();
  if (pivot.rows > 0 || window.last) return finish(pivot, query, window, rowsLeft);
  const nextUs = await nextReading(open, query, window);
  if (nextUs === undefined) return emptyPage;
  const edgeUs = isDescending(query) ? buckets.after(nextUs) : buckets.floor(nextUs);
  return { ...emptyPage, next: { edgeUs, spanUs: 0, rowsLeft } };
}

/** About the first reading after an empty window, so that nothing is looked at bucket by bucket. */
async function nextReading(
  open: OpenSources,
  query: TelemetryQuery,
  window: Window,
): Promise<number | undefined> {
  const { sources } = open;
  const descending = isDescending(query);
  const fromUs = Math.ceil(descending ? query.startUs : window.endUs);
  const untilUs = Math.ceil(descending ? window.startUs : query.endUs);
  if (fromUs >= untilUs) return undefined;
  const after = (us: number): number => (us < untilUs ? untilUs : Number.POSITIVE_INFINITY);
  const parts = planOf(sources.stocks, sources.days, { fromUs, untilUs, after });
  if (parts.length === 0) return undefined;
  // Of a row of many readings: where they begin at the earliest, and end at the latest.
  const which = descending ? `least(max(last_us), ${untilUs - 1})` : 'min(at_us)';
  let nextUs: number | undefined;
  const sql = `SELECT (${which})::DOUBLE FROM (${open.spans(parts)})`;
  await forEachChunk(open.connection, sql, { values: {}, types: {} }, (chunk) => {
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

const columnKey = (series: number, aggregate: Aggregate): number =>
  series * aggregates.length + aggregates.indexOf(aggregate);
