import type { Erasure } from '../manifest.ts';
import type { Sources } from '../sources.ts';
import { spanColumns, spansOfReadings } from '../tiers/spans.ts';
import type { Part, Range } from './types.ts';

/** Where a file lies. */
export type PathOf = (file: string) => string;

/**
 * Readings of a part as SQL, with columns series INTEGER, time_us BIGINT, value DOUBLE, text VARCHAR,
 * kind UTINYINT. Each time of a series comes once: of several values the one that arrived last.
 */
export function readingsSql(part: Part, sources: Sources, pathOf: PathOf): string {
  const columns = 'series, time_us, value, text, kind';
  const reads = [...fileReadings(part, sources, pathOf), ...liveReadings(part, sources)];
  if (reads.length === 0) return `SELECT ${columns} FROM ${nothing}`;
  const all = reads.join(' UNION ALL ');
  const unique = part.overlapping
    ? 'QUALIFY row_number() OVER (PARTITION BY series, time_us ORDER BY source DESC, place DESC) = 1'
    : '';
  return `SELECT ${columns} FROM (${all}) ${unique}`;
}

const nothing = `(SELECT 0 AS series, 0::BIGINT AS time_us, 0::DOUBLE AS value, '' AS text,
  0::UTINYINT AS kind) WHERE false`;

/** All parts as spans: `series`, `class`, `at_us` and what `spanColumns` names. */
export function spansSql(parts: readonly Part[], sources: Sources, pathOf: PathOf): string {
  return parts
    .map((part) => {
      if (part.kind === 'raw' || part.kind === 'late') {
        return spansOfReadings(readingsSql(part, sources, pathOf));
      }
      const columns = `class, epoch_us(time) AS at_us, ${spanColumns.join(', ')}`;
      return fileSql(part, sources, pathOf, columns, erasedRows) ?? '';
    })
    .join(' UNION ALL ');
}

function fileReadings(part: Part, sources: Sources, pathOf: PathOf): string[] {
  const source = part.overlapping
    ? `list_position([${filesOf(part, sources).map((file) => quote(pathOf(file)))}], filename)`
    : '0';
  const columns = `epoch_us(time) AS time_us, value, text, kind, ${source} AS source, 0 AS place`;
  const sql = fileSql(part, sources, pathOf, columns, erasedReadings);
  return sql === undefined ? [] : [sql];
}

function liveReadings(part: Part, sources: Sources): string[] {
  return sources.generations.flatMap((generation, at) => {
    const ids = part.series.filter((one) => one.generations.includes(at)).map((one) => one.series);
    if (ids.length === 0) return [];
    const erased = sources.erasures
      .filter((one) => generation.firstSeq <= one.untilSeq)
      .map((one) => {
        const meant = sources.series.filter((series) => isMeant(one, series)).map(({ id }) => id);
        return meant.length === 0
          ? ''
          : `AND NOT (series IN (${meant}) AND time_us >= ${whole(one.startUs)} AND time_us < ${whole(one.endUs)})`;
      });
    // Ranked above every file: what is in the tail arrived after what was sealed.
    return `SELECT series, time_us, value, text, (mark & 3)::UTINYINT AS kind,
        ${1_000_000_000 + at} AS source, rowid AS place
      FROM ${generation.table}
      WHERE series IN (${ids}) AND ${within(part.ranges, 'time_us', String)} ${erased.join(' ')}`;
  });
}

type ErasedSql = (erasure: Erasure) => string;
const erasedReadings: ErasedSql = ({ startUs, endUs }) =>
  `time >= ${timestamp(startUs)} AND time < ${timestamp(endUs)}`;
/** A row of which a part is to be forgotten goes as a whole. */
const erasedRows: ErasedSql = ({ startUs, endUs }) =>
  `first_us < ${whole(endUs)} AND last_us >= ${whole(startUs)}`;

/**
 * What the files of a part hold of its series. Where these are not all in the same files, each is
 * read from its own alone: of a device that was removed, and of whose name there is a new one, the
 * others may still hold readings.
 */
function fileSql(
  part: Part,
  sources: Sources,
  pathOf: PathOf,
  columns: string,
  erased: ErasedSql,
): string | undefined {
  const files = filesOf(part, sources);
  if (files.length === 0) return undefined;
  const readers = part.series.filter((one) => one.files.length > 0);
  const named = new Map(sources.series.map((one) => [one.id, one]));
  const chosen = readers.flatMap(({ series }) => named.get(series) ?? []);
  const areAlike = readers.every((one) => one.files.length === files.length);
  const gone = sources.erasures.flatMap((one) => {
    if (!chosen.some((series) => isMeant(one, series))) return [];
    const before = files.filter((file) => (sources.lastSeqOf.get(file) ?? 0) <= one.untilSeq);
    if (before.length === 0) return [];
    const metric = one.metric === null ? '' : `AND file.metric = ${quote(one.metric)}`;
    return `AND NOT (file.device = ${quote(one.device)} ${metric} AND ${erased(one)}
      AND filename IN (${before.map((file) => quote(pathOf(file)))}))`;
  });
  const only = chosen.length === 1 ? chosen[0]?.id : undefined;
  const wanted = areAlike
    ? chosen.map((one) => `(${one.id}, ${quote(one.device)}, ${quote(one.metric)}, '')`)
    : readers.flatMap((one) => {
        const series = named.get(one.series);
        return series === undefined
          ? []
          : one.files.map(
              (file) =>
                `(${series.id}, ${quote(series.device)}, ${quote(series.metric)}, ${quote(pathOf(file))})`,
            );
      });
  const join =
    only !== undefined
      ? ''
      : `JOIN (VALUES ${wanted}) AS wanted (series, device, metric, file)
           ON wanted.device = file.device AND wanted.metric = file.metric
           ${areAlike ? '' : 'AND wanted.file = filename'}`;
  const needsName = part.overlapping || gone.length > 0 || !areAlike;
  return `SELECT ${only ?? 'wanted.series'} AS series, ${columns}
    FROM read_parquet([${files.map((file) => quote(pathOf(file)))}], filename = ${needsName}) AS file
    ${join}
    WHERE ${oneOf(
      'file.device',
      chosen.map((one) => one.device),
    )}
      AND ${oneOf(
        'file.metric',
        chosen.map((one) => one.metric),
      )}
      AND ${within(part.ranges, 'time', timestamp)} ${gone.join(' ')}`;
}

/** The files of a part, in order of arrival. */
export function filesOf({ series }: Pick<Part, 'series'>, { lastSeqOf }: Sources): string[] {
  const files = [...new Set(series.flatMap((one) => one.files))];
  const arrival = (file: string): number => lastSeqOf.get(file) ?? 0;
  return files.sort((a, b) => arrival(a) - arrival(b) || (a < b ? -1 : 1));
}

const isMeant = (
  erasure: Erasure,
  series: { readonly device: string; readonly metric: string },
): boolean =>
  erasure.device === series.device && (erasure.metric ?? series.metric) === series.metric;

function oneOf(column: string, values: readonly string[]): string {
  return `${column} IN (${[...new Set(values)].map(quote)})`;
}

function within(ranges: readonly Range[], column: string, literal: (us: number) => string): string {
  const between = (fromUs: number, untilUs: number): string =>
    `${column} >= ${literal(whole(fromUs))} AND ${column} < ${literal(whole(untilUs))}`;
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first === undefined || last === undefined) return 'false';
  const outer = between(first.fromUs, last.untilUs);
  if (ranges.length === 1) return outer;
  return `${outer} AND (${ranges.map((one) => `(${between(one.fromUs, one.untilUs)})`).join(' OR ')})`;
}

const whole = Math.ceil;
const timestamp = (us: number): string => `make_timestamp(${whole(us)}::BIGINT)`;
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
