import { HearthError } from '#kernel';
import { kinds } from '../points.ts';
import { type Column, thinColumns, tooFew } from '../thinning.ts';
import type { TelemetryQuery, Value } from '../types.ts';
import { readBucketed } from './bucket-history.ts';
import { forEachChunk } from './engine.ts';
import { emptyPage } from './history-window.ts';
import { asSent, columnsOf, Pivot, read } from './pivot.ts';
import type { Cursor, Page } from './protocol.ts';
import type { OpenSources, Reader } from './reader.ts';
import { extentOf, readingsOf, readingTiers } from './sources.ts';

/** Readings that are thinned as they are; of more only the ends and swings of short slots are looked at. */
const mostReadings = 100_000;
/** Slots for each point of the answer: enough to choose from (Van Der Donckt et al. 2023). */
const slotsForPoint = 4;
const mostBuckets = 200_000;

export interface Thinned {
  readonly points: number;
  readonly thinning: NonNullable<TelemetryQuery['thinning']>;
}

/** All of an answer in one page, thinned out to so many rows for a chart. */
export async function readThinned(
  reader: Reader,
  query: TelemetryQuery,
  { points, thinning }: Thinned,
): Promise<Page> {
  if (query.endUs <= query.startUs) return emptyPage;
  const { limit: _, fill: __, ...all } = query;
  const columns =
    query.intervalMs === undefined
      ? await rawColumns(reader, all, points)
      : await bucketColumns(reader, all, query.intervalMs * 1000);
  return pageOf(thinColumns(columns, points, thinning), query.order === 'desc');
}

function rawColumns(reader: Reader, query: TelemetryQuery, points: number): Promise<Column[]> {
  const { startUs, endUs } = query;
  const wanted = { devices: [query], startUs, endUs, tiers: readingTiers };
  return reader.read<Column[]>(wanted, [], async (open) => {
    const extent = extentOf(open.sources, query);
    if (extent === undefined) return [];
    const fromUs = Math.ceil(Math.max(startUs, extent.oldestUs));
    const untilUs = Math.ceil(Math.min(endUs, extent.newestUs + 1));
    if (fromUs >= untilUs) return [];
    const part = readingsOf(open.sources, { fromUs, untilUs });
    if (part.series.length === 0) return [];
    const readings = `SELECT * FROM (${open.readings(part)}) WHERE kind <> ${kinds.sealed}`;
    if (extent.points <= mostReadings) return columnsFrom(open, readings);
    const each = Math.floor(points / part.series.length);
    if (each === 0) throw tooFew(points, part.series.length);
    const slotUs = Math.max(1, Math.ceil((untilUs - fromUs) / (each * slotsForPoint)));
    return columnsFrom(open, swingsSql(readings, fromUs, slotUs));
  });
}

/** Of each slot of time its first, last, lowest and highest reading; of texts the first and the last. */
const swingsSql = (readings: string, fromUs: number, slotUs: number): string => `
  SELECT DISTINCT series, unnest([began, ended, low, high], recursive := true) FROM (
    SELECT series,
      arg_min(reading, time_us) AS began, arg_max(reading, time_us) AS ended,
      arg_min(reading, value) AS low, arg_max(reading, value) AS high
    FROM (
      SELECT *, {'time_us': time_us, 'value': value, 'text': text, 'kind': kind} AS reading
      FROM (${readings})
    ) GROUP BY series, kind = ${kinds.text}, (time_us - ${fromUs}) // ${slotUs}
  )`;

async function columnsFrom(open: OpenSources, readings: string): Promise<Column[]> {
  const found = new Map<number, { timesUs: number[]; values: Value[] }>();
  const sql = `SELECT series, time_us::DOUBLE, value, text, kind FROM (${readings})
    WHERE time_us IS NOT NULL ORDER BY time_us`;
  await forEachChunk(open.connection, sql, { values: {}, types: {} }, (chunk) => {
    const columns = columnsOf(chunk);
    for (let row = 0; row < chunk.rowCount; row++) {
      const series = read(columns, 0, row) as number;
      const value = asSent(read(columns, 4, row), read(columns, 2, row), read(columns, 3, row));
      if (value === null) continue;
      let column = found.get(series);
      if (column === undefined) {
        column = { timesUs: [], values: [] };
        found.set(series, column);
      }
      column.timesUs.push(read(columns, 1, row) as number);
      column.values.push(value);
    }
  });
  return open.sources.series.flatMap(({ id, metric }) => {
    const column = found.get(id);
    return column === undefined ? [] : { name: metric, ...column };
  });
}

async function bucketColumns(
  reader: Reader,
  query: TelemetryQuery,
  intervalUs: number,
): Promise<Column[]> {
  const found = new Map<string, { timesUs: number[]; values: Value[] }>();
  let rows = 0;
  let cursor: Cursor | undefined;
  const rising = { ...query, order: 'asc' } as const;
  do {
    const page = await readBucketed(reader, rising, intervalUs, cursor);
    rows += page.timesUs.length;
    if (rows > mostBuckets) throw tooNarrow();
    page.names.forEach((name, at) => {
      const column = found.get(name) ?? { timesUs: [], values: [] };
      found.set(name, column);
      page.columns[at]?.forEach((cell, row) => {
        if (cell === null || cell === undefined || typeof cell === 'object') return;
        column.timesUs.push(page.timesUs[row] as number);
        column.values.push(cell);
      });
    });
    cursor = page.next;
  } while (cursor !== undefined);
  return [...found].map(([name, column]) => ({ name, ...column }));
}

function pageOf(columns: readonly Column[], descending: boolean): Page {
  const times = [...new Set(columns.flatMap(({ timesUs }) => timesUs))].sort((a, b) => a - b);
  if (descending) times.reverse();
  const pivot = new Pivot(columns.map(({ name }, at) => [at, name] as const));
  for (const timeUs of times) pivot.at(timeUs);
  columns.forEach(({ timesUs, values }, column) => {
    timesUs.forEach((timeUs, at) => {
      pivot.at(timeUs);
      pivot.put(column, values[at] as Value);
    });
  });
  return pivot.page(times.length, undefined);
}

const tooNarrow = (): HearthError =>
  new HearthError('bad_request', `more than ${mostBuckets} buckets would have to be thinned out`, {
    field: 'interval',
    hint: 'Ask for a wider interval, or for less time.',
  });
