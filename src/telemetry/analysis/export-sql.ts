import type { OffsetSpan } from '#kernel';
import type { ExportColumn, ExportFormat } from '../exports/types.ts';
import { kinds } from '../points.ts';
import { quoted } from './database.ts';

/**
 * The wide table, from a relation of `device, metric, time_us, value, text, kind` with each time of a
 * series in it once: a row for each time of a device.
 */
export function wideSql(
  readings: string,
  columns: readonly ExportColumn[],
  offsets: readonly OffsetSpan[],
): string {
  const metrics = columns.filter(({ metric }) => metric !== undefined);
  const cells = metrics.map((column, place) => `${cellSql(column, place)} AS ${named(column)}`);
  const local = `make_timestamp(time_us + ${offsetSql(offsets)})`;
  const chosen = [
    'device AS device_id',
    'make_timestamp(time_us) AS timestamp',
    ...cells,
    `isodow(${local})::INTEGER AS day_of_week`,
    `hour(${local})::INTEGER AS hour_of_day`,
  ];
  return `
    SELECT ${chosen.join(',\n      ')}
    FROM (${readings}) AS readings JOIN export_columns ON export_columns.metric = readings.metric
    GROUP BY device, time_us`;
}

/** What `wideSql` looks metrics up in: their places among the columns. */
export const columnPlacesSql = (columns: readonly ExportColumn[]): string => {
  const rows = columns.flatMap(({ metric }) => (metric === undefined ? [] : [quoted(metric)]));
  const list = rows.length === 0 ? '[]::VARCHAR[]' : `[${rows.join(', ')}]`;
  return `CREATE TABLE export_columns AS
    SELECT metric, (row_number() OVER () - 1)::INTEGER AS place
    FROM (SELECT unnest(${list}) AS metric)`;
};

function cellSql({ type }: ExportColumn, place: number): string {
  const here = `FILTER (WHERE place = ${place})`;
  switch (type) {
    case 'DOUBLE':
      return `max(value) ${here}`;
    case 'BOOLEAN':
      return `bool_or(value <> 0) ${here}`;
    default:
      return `max(${asText}) ${here}`;
  }
}

/** A number is spelled as JSON has it: 5, not 5.0. */
const asText = `CASE kind
  WHEN ${kinds.number} THEN CASE WHEN value = trunc(value) AND abs(value) < 1e15
    THEN value::BIGINT::VARCHAR ELSE value::VARCHAR END
  WHEN ${kinds.boolean} THEN CASE WHEN value <> 0 THEN 'true' ELSE 'false' END
  ELSE text END`;

function offsetSql(offsets: readonly OffsetSpan[]): string {
  const [first, ...later] = offsets;
  if (later.length === 0) return String(first?.offsetUs ?? 0);
  const cases = later
    .toReversed()
    .map(({ fromUs, offsetUs }) => `WHEN time_us >= ${fromUs} THEN ${offsetUs}`);
  return `(CASE ${cases.join(' ')} ELSE ${first?.offsetUs ?? 0} END)`;
}

/** Writes rows of the wide table to a file, by device and time. */
export function copySql(
  rows: string,
  columns: readonly ExportColumn[],
  format: Exclude<ExportFormat, 'ha-statistics'>,
  path: string,
  timeZone: string,
): string {
  const chosen = columns.map((column) =>
    format !== 'parquet' && column.type === 'TIMESTAMP'
      ? `${isoSql(named(column))} AS ${named(column)}`
      : named(column),
  );
  // The names within are those of the table, not of what stands for them in a text.
  const sorted = `SELECT * FROM (${rows}) ORDER BY device_id, "timestamp"`;
  return `COPY (SELECT ${chosen.join(', ')} FROM (${sorted}))
    TO ${quoted(path)} (${optionsOf(format, columns, timeZone)})`;
}

function optionsOf(
  format: Exclude<ExportFormat, 'ha-statistics'>,
  columns: readonly ExportColumn[],
  timeZone: string,
): string {
  switch (format) {
    case 'parquet': {
      const told = `timestamp: UTC; day_of_week (1 Monday to 7 Sunday), hour_of_day: ${timeZone}`;
      return `FORMAT parquet, COMPRESSION zstd, KV_METADATA { hearth: ${quoted(told)} }`;
    }
    case 'csv':
      return csvOptions(columns);
    case 'jsonl':
      return 'FORMAT json';
  }
}

/**
 * CSV with lines that end with CRLF (RFC 4180 §2). Texts stand in quotes, for the text "12" is not to
 * become a number in whatever reads it; what is empty stays empty. DuckDB would put their names in
 * quotes as well: the head is written beside it, and what stands before the end of the last line.
 */
function csvOptions(columns: readonly ExportColumn[]): string {
  const texts = columns.filter((one) => one.metric !== undefined && one.type === 'VARCHAR');
  if (texts.length === 0) return `FORMAT csv, HEADER, NEW_LINE E'\\r\\n'`;
  const head = columns.map(({ name }) => headCell(name)).join(',');
  return `FORMAT csv, HEADER false, PREFIX ${quoted(`${head}\r\n`)}, SUFFIX E'\\r\\n',
    NEW_LINE E'\\r\\n', FORCE_QUOTE (${texts.map(named).join(', ')})`;
}

const headCell = (name: string): string =>
  /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;

/** As everywhere in Hearth: to the millisecond, or to the microsecond where there are any. */
const isoSql = (time: string): string =>
  `CASE WHEN microsecond(${time}) % 1000 = 0 THEN strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')
    ELSE strftime(${time}, '%Y-%m-%dT%H:%M:%S.%fZ') END`;

const named = ({ name }: ExportColumn): string => `"${name.replaceAll('"', '""')}"`;
