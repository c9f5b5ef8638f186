import { kinds } from '../points.ts';
import type { TelemetryQuery } from '../types.ts';
import { forEachChunk } from './engine.ts';
import { emptyPage, isDescending, remaining, rowsLeftOf, type Window } from './history-window.ts';
import { asKept, columnsOf, Pivot, read } from './pivot.ts';
import type { Cursor, Page } from './protocol.ts';
import type { OpenSources, Reader } from './reader.ts';
import { extentOf, readingsOf, readingTiers } from './sources.ts';

/** Points that a page aims at. */
const pagePoints = 20_000;
/** Points a page never goes beyond; what does not fit comes with the next. */
const mostPagePoints = 2 * pagePoints;

/** A page of raw readings: a row for every time, with the metrics that came then. */
export async function readRaw(
  reader: Reader,
  query: TelemetryQuery,
  cursor: Cursor | undefined,
): Promise<Page> {
  const left = remaining(query, cursor);
  const wanted = { devices: [query], ...left, tiers: readingTiers };
  return reader.read(wanted, emptyPage, async (open) => {
    const extent = extentOf(open.sources, left);
    if (extent === undefined) return emptyPage;
    const startUs = Math.max(left.startUs, extent.oldestUs);
    const endUs = Math.min(left.endUs, extent.newestUs + 1);
    if (startUs >= endUs) return emptyPage;
    const rowsLeft = rowsLeftOf(query, cursor);
    // A first guess at how much time holds what is wanted: as if the points were spread evenly.
    const wanted = Math.min(pagePoints, rowsLeft * open.sources.series.length);
    const spanUs = cursor?.spanUs ?? Math.ceil(((endUs - startUs) * wanted) / extent.points);
    const window = isDescending(query)
      ? { startUs: Math.max(startUs, endUs - spanUs), endUs }
      : { startUs, endUs: Math.min(endUs, startUs + spanUs) };
    return rawWindow(open, query, window, { startUs, endUs }, rowsLeft, spanUs);
  });
}

async function rawWindow(
  open: OpenSources,
  query: TelemetryQuery,
  window: Window,
  /** Where there are readings at all, of those that are still to come. */
  whole: Window,
  rowsLeft: number,
  spanUs: number,
): Promise<Page> {
  const pivot = new Pivot(open.sources.series.map((one) => [one.id, one.metric] as const));
  let points = 0;
  const range = { fromUs: Math.ceil(window.startUs), untilUs: Math.ceil(window.endUs) };
  const readings = open.readings(readingsOf(open.sources, range));
  // Of a metric that is not sensitive any more there are both.
  const plain = query.withoutSealed ? `WHERE kind <> ${kinds.sealed}` : '';
  await forEachChunk(
    open.connection,
    `SELECT series, time_us::DOUBLE, value, text, kind FROM (${readings}) ${plain}
     ORDER BY time_us ${isDescending(query) ? 'DESC' : 'ASC'} LIMIT ${mostPagePoints}`,
    { values: {}, types: {} },
    (chunk) => {
      const columns = columnsOf(chunk);
      for (let row = 0; row < chunk.rowCount; row++) {
        pivot.at(read(columns, 1, row) as number);
        pivot.put(
          read(columns, 0, row) as number,
          asKept(read(columns, 4, row), read(columns, 2, row), read(columns, 3, row)),
        );
      }
      points += chunk.rowCount;
    },
  );
  // Cut off by the limit, the last row may lack metrics: it comes again, whole, with the next page.
  const cutOff = points === mostPagePoints ? pivot.dropLastRow() : undefined;
  const rows = Math.min(pivot.rows, rowsLeft);
  const edgeUs = cutOff ?? (isDescending(query) ? window.startUs : window.endUs);
  const next: Cursor = {
    edgeUs: isDescending(query) && cutOff !== undefined ? cutOff + 1 : edgeUs,
    spanUs: nextSpan(spanUs, points),
    rowsLeft: rowsLeft - rows,
  };
  const isLast = isDescending(query)
    ? window.startUs <= whole.startUs
    : window.endUs >= whole.endUs;
  const done = isLast && cutOff === undefined;
  return pivot.page(rows, done || next.rowsLeft === 0 ? undefined : next);
}

/** Aims the next window at a full page: wider after a thin one, narrower after an overfull one. */
function nextSpan(spanUs: number, points: number): number {
  const factor = points === 0 ? 8 : Math.min(8, Math.max(0.25, pagePoints / points));
  return Math.max(1, Math.ceil(spanUs * factor));
}
