import { BIGINT, INTEGER, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import type { Series } from '../batch.ts';
import { kinds } from '../points.ts';
import type { Parameters } from './engine.ts';
import type { Files } from './files.ts';
import type { FileRange, Manifest } from './manifest.ts';
import type { SeriesNames } from './series-names.ts';
import type { Generation, Tail } from './tail.ts';

/** The readings a question is about: of one device, from `startUs`, before `endUs`. */
export interface Scope {
  readonly deviceId: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly fields?: readonly string[] | undefined;
  /** Leaves out what is sealed: of a metric that is not sensitive any more there is both. */
  readonly withoutSealed?: boolean | undefined;
}

/** Where a scope's readings are. */
export interface Sources {
  readonly series: readonly Series[];
  readonly files: readonly FileRange[];
  readonly generations: readonly Generation[];
  /** An upper bound of the points within the scope. */
  readonly points: number;
  /** When the oldest and the newest of them may be; `undefined` when there are none. */
  readonly extent: { readonly oldestUs: number; readonly newestUs: number } | undefined;
  /** Whether a time may be found twice, so that the newest value has to be chosen. */
  readonly overlapping: boolean;
}

export function findSources(
  scope: Scope,
  { names, manifest, tail }: { names: SeriesNames; manifest: Manifest; tail: Tail },
): Sources {
  const series = names.ofDevice(scope.deviceId, scope.fields);
  const files =
    series.length === 0 ? [] : manifest.rangesOf(scope.deviceId, scope.startUs, scope.endUs);
  const spans: { oldestUs: number; newestUs: number; points: number }[] = [...files];
  const generations: Generation[] = [];
  let disordered = false;
  for (const generation of tail.generations) {
    const span = spanOf(generation, series, scope);
    if (span === undefined) continue;
    generations.push(generation);
    spans.push(span);
    disordered ||= span.disordered;
  }
  return {
    series,
    files,
    generations,
    points: spans.reduce((sum, span) => sum + span.points, 0),
    extent:
      spans.length === 0
        ? undefined
        : {
            oldestUs: Math.min(...spans.map((span) => span.oldestUs)),
            newestUs: Math.max(...spans.map((span) => span.newestUs)),
          },
    overlapping: disordered || anyOverlap(spans),
  };
}

/** What a generation holds of some series within a scope. */
function spanOf(generation: Generation, series: readonly Series[], scope: Scope) {
  const span = {
    oldestUs: Number.POSITIVE_INFINITY,
    newestUs: Number.NEGATIVE_INFINITY,
    points: 0,
    disordered: false,
  };
  for (const { id } of series) {
    const extent = generation.extents.get(id);
    if (extent === undefined || extent.newestUs < scope.startUs || extent.oldestUs >= scope.endUs) {
      continue;
    }
    span.oldestUs = Math.min(span.oldestUs, extent.oldestUs);
    span.newestUs = Math.max(span.newestUs, extent.newestUs);
    span.points += extent.points;
    span.disordered ||= extent.disordered;
  }
  return span.points === 0 ? undefined : span;
}

function anyOverlap(spans: readonly { oldestUs: number; newestUs: number }[]): boolean {
  const inOrder = spans.toSorted((a, b) => a.oldestUs - b.oldestUs);
  return inOrder.some((span, at) => span.oldestUs <= (inOrder[at - 1]?.newestUs ?? -1));
}

/** A table expression of a scope's readings, and the parameters it needs. */
export interface Relation extends Parameters {
  /** Columns: series INTEGER, time_us BIGINT, value DOUBLE, text VARCHAR, kind UTINYINT. */
  readonly sql: string;
}

/**
 * One relation over sealed files and tail. Each time of a series comes once: where sources overlap,
 * the value that arrived last.
 */
export function relationOf(scope: Scope, sources: Sources, files: Files): Relation {
  const parts: string[] = [];
  if (sources.files.length > 0) parts.push(fileSql(scope, sources));
  sources.generations.forEach((generation, at) => {
    // Ranked above every file: what is in the tail arrived after what was sealed.
    parts.push(`SELECT series, time_us, value, text, (mark & 3)::UTINYINT AS kind,
        1000000000 + ${at} AS source, rowid AS place
      FROM ${generation.table}
      WHERE list_contains($ids, series) AND time_us >= $start AND time_us < $end`);
  });
  const all = parts.join(' UNION ALL ');
  const chosen = sources.overlapping
    ? `SELECT series, time_us, value, text, kind FROM (${all})
       QUALIFY row_number() OVER (PARTITION BY series, time_us ORDER BY source DESC, place DESC) = 1`
    : `SELECT series, time_us, value, text, kind FROM (${all})`;
  return {
    sql: scope.withoutSealed ? `SELECT * FROM (${chosen}) WHERE kind <> ${kinds.sealed}` : chosen,
    ...parametersOf(scope, sources, files),
  };
}

function fileSql(scope: Scope, sources: Sources): string {
  const onlyFields = scope.fields === undefined ? '' : 'AND list_contains($metrics, file.metric)';
  return `SELECT wanted.series, epoch_us(time) AS time_us, value, text, kind,
      ${sources.overlapping ? 'list_position($files, filename)' : '0'} AS source, 0 AS place
    FROM read_parquet($files, filename = ${sources.overlapping}) AS file
    JOIN (SELECT unnest($ids) AS series, unnest($metrics) AS metric) AS wanted
      ON wanted.metric = file.metric
    WHERE device = $device ${onlyFields}
      AND time >= make_timestamp($start) AND time < make_timestamp($end)`;
}

/** DuckDB refuses parameters that a statement does not mention, so only those in use are given. */
function parametersOf(scope: Scope, sources: Sources, files: Files): Parameters {
  const values: Parameters['values'] = {
    ids: listValue(sources.series.map((one) => one.id)),
    start: BigInt(Math.ceil(scope.startUs)),
    end: BigInt(Math.ceil(scope.endUs)),
  };
  const types: Parameters['types'] = { ids: LIST(INTEGER), start: BIGINT, end: BIGINT };
  if (sources.files.length === 0) return { values, types };
  return {
    values: {
      ...values,
      metrics: listValue(sources.series.map((one) => one.metric)),
      files: listValue(sources.files.map((range) => files.pathOf(range.file))),
      device: scope.deviceId,
    },
    types: { ...types, metrics: LIST(VARCHAR), files: LIST(VARCHAR), device: VARCHAR },
  };
}
