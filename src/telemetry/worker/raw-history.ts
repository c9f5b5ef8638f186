import type { TelemetryQuery } from '../types.ts';
import { forEachChunk } from './engine.ts';
import { emptyPage, isDescending, remaining, rowsLeftOf, type Window } from './history-window.ts';
import { asKept, columnsOf, Pivot, read } from './pivot.ts';
import type { Cursor, Page } from './protocol.ts';
import type { OpenScope, Reader } from './reader.ts';

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
  return reader.read(left, emptyPage, async (open) => {
    const { oldestUs, newestUs } = open.sources.extent ?? { oldestUs: 0, newestUs: 0 };
    const startUs = Math.max(left.startUs, oldestUs);
    const endUs = Math.min(left.endUs, newestUs + 1);
    if (startUs >= endUs) return emptyPage;
    const rowsLeft = rowsLeftOf(query, cursor);
    // A first guess at how much time holds what is wanted: as if the points were spread evenly.
    const wanted = Math.min(pagePoints, rowsLeft * open.sources.series.length);
    const spanUs = cursor?.spanUs ?? Math.ceil(((endUs - startUs) * wanted) / open.sources.points);
    const window = isDescending(query)
      ? { startUs: Math.max(startUs, endUs - spanUs), endUs }
      : { startUs, endUs: Math.min(endUs, startUs + spanUs) };
    return rawWindow(open, query, window, rowsLeft, spanUs);
  });
}

async function rawWindow(
  open: OpenScope,
  query: TelemetryQuery,
  window: Window,
  rowsLeft: number,
  spanUs: number,
): Promise<Page> {
  const pivot = new Pivot(open.sources.series.map((one) => [one.id, one.metric] as const));
  let points = 0;
  await forEachChunk(
    open.connection,
    `SELECT series, time_us::DOUBLE, value, text, kind FROM (${open.relation.sql})
     WHERE time_us >= ${Math.ceil(window.startUs)} AND time_us < ${Math.ceil(window.endUs)}
     ORDER BY time_us ${isDescending(query) ? 'DESC' : 'ASC'} LIMIT ${mostPagePoints}`,
    open.relation,
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
  const done = isDescending(query) ? next.edgeUs <= query.startUs : next.edgeUs >= query.endUs;
  return pivot.page(rows, done || next.rowsLeft === 0 ? undefined : next);
}

/** Aims the next window at a full page: wider after a thin one, narrower after an overfull one. */
function nextSpan(spanUs: number, points: number): number {
  const factor = points === 0 ? 8 : Math.min(8, Math.max(0.25, pagePoints / points));
  return Math.max(1, Math.ceil(spanUs * factor));
}
