import type { Buckets } from '../../buckets.ts';
import { longestSilenceUs, widestGapUs } from '../../summary.ts';
import type { Sums } from '../../sums.ts';
import type { Aggregate } from '../../types.ts';
import { forEachChunk } from '../engine.ts';
import { asSent, columnsOf, read } from '../pivot.ts';
import type { OpenSources } from '../reader.ts';
import { mergeSpans } from '../tiers/spans.ts';
import { planOf } from './plan.ts';

/** A stretch of time: from `startUs`, before `endUs`. */
export interface SumsWindow {
  readonly startUs: number;
  readonly endUs: number;
}

/** How readings of a window are to be summed up. */
export interface SumsAsked extends SumsWindow {
  /** Absent: all of the window is one bucket. */
  readonly buckets?: Buckets | undefined;
  readonly aggregates: readonly Aggregate[];
  readonly order?: 'asc' | 'desc';
  /** Which row a series' readings count towards: itself, or a group of several. */
  readonly groupOf?: ((series: number) => number) | undefined;
}

/** Takes a row: whose it is, where its bucket begins, and its sums. */
export type TakeSums = (group: number, startUs: number, sums: Sums) => void;

const minuteUs = 60e6;
const longestDayUs = 26 * 3600e6;

/** What has to be read beside a window, for what happened across its edges. */
export function marginsOf(
  aggregates: readonly Aggregate[],
): { readonly before: number; readonly after: number } | undefined {
  if (!aggregates.some((one) => linked.has(one))) return undefined;
  const before = aggregates.includes('increase') ? longestSilenceUs : widestGapUs;
  return { before, after: aggregates.includes('time_weighted_avg') ? widestGapUs : 0 };
}

const linked: ReadonlySet<Aggregate> = new Set(['time_weighted_avg', 'increase', 'energy']);

/** The window as far as it has to be looked at, with its margins. */
export function withMargins(window: SumsWindow, aggregates: readonly Aggregate[]): SumsWindow {
  const margins = marginsOf(aggregates);
  if (margins === undefined) return window;
  const spare = margins.before > longestDayUs ? longestDayUs : 0;
  return {
    startUs: Math.floor((window.startUs - margins.before) / minuteUs) * minuteUs - spare,
    endUs: Math.ceil((window.endUs + margins.after) / minuteUs) * minuteUs,
  };
}

/**
 * Sums up, bucket by bucket, in order of time. What stood, flowed or was counted across the edge of a
 * bucket counts in, also at the edges of the window: buckets beside one another add up.
 */
export async function eachSums(open: OpenSources, asked: SumsAsked, take: TakeSums): Promise<void> {
  const sql = sumsSql(open, asked);
  if (sql === undefined) return;
  const { buckets, startUs } = asked;
  const starts = new Map<number, number>();
  const startOf = (atUs: number): number => {
    if (buckets === undefined) return startUs;
    let start = starts.get(atUs);
    if (start === undefined) {
      start = buckets.floor(atUs);
      starts.set(atUs, start);
    }
    return start;
  };
  await forEachChunk(open.connection, sql, { values: {}, types: {} }, (chunk) => {
    const columns = columnsOf(chunk);
    for (let row = 0; row < chunk.rowCount; row++) {
      const at = (column: number): unknown => read(columns, column, row);
      const number = (column: number): number | null => at(column) as number | null;
      take(at(0) as number, startOf(at(1) as number), {
        count: at(2) as number,
        numbers: at(3) as number,
        sum: number(4),
        min: number(5),
        max: number(6),
        first: asSent(at(9), at(7), at(8)),
        last: asSent(at(12), at(10), at(11)),
        firstUs: at(13) as number,
        lastUs: at(14) as number,
        area: number(15),
        held: number(16),
        heldSeconds: number(17),
        increase: number(18),
      });
    }
  });
}

/** `undefined` when there is nothing to be summed up. */
function sumsSql(open: OpenSources, asked: SumsAsked): string | undefined {
  const spans = windowSpans(open, asked);
  if (spans === undefined) return undefined;
  const { aggregates, groupOf, order } = asked;
  const wants = (...some: Aggregate[]): boolean => some.some((one) => aggregates.includes(one));
  const columns = [
    'sum(count)::DOUBLE',
    'coalesce(sum(count) FILTER (class = 0), 0)::DOUBLE',
    wants('sum', 'avg', 'time_weighted_avg') ? 'sum(sum)' : none,
    wants('min') ? 'min(min)' : none,
    wants('max') ? 'max(max)' : none,
    ...(wants('first') ? endColumns('first', 'arg_min_null') : [none, none, noKind]),
    ...(wants('last') ? endColumns('last', 'arg_max_null') : [none, none, noKind]),
    'min(first_us)::DOUBLE',
    'max(last_us)::DOUBLE',
    wants('energy') ? 'sum(area) FILTER (class = 0)' : none,
    wants('time_weighted_avg') ? 'sum(held) FILTER (class = 0)' : none,
    wants('time_weighted_avg') ? 'sum(held_s) FILTER (class = 0)' : none,
    wants('increase') ? 'sum(increase) FILTER (class = 0)' : none,
  ];
  const group = groupOf === undefined ? 'series' : groupSql(open, groupOf);
  const { startUs, endUs } = edgesOf(asked);
  return `SELECT ${group} AS answer_group, at_us::DOUBLE AS answer_us, ${columns.join(', ')}
    FROM (${spans}) WHERE at_us >= ${startUs} AND at_us < ${endUs}
    GROUP BY answer_group, answer_us ORDER BY answer_us ${order === 'desc' ? 'DESC' : 'ASC'}`;
}

const none = 'NULL::DOUBLE';
const noKind = 'NULL::UTINYINT';

const endColumns = (end: 'first' | 'last', choose: string): string[] =>
  [end, `${end}_text`, `${end}_kind`].map((column) => `${choose}(${column}, ${end}_us)`);

function groupSql(open: OpenSources, groupOf: (series: number) => number): string {
  const ids = open.sources.series.map((one) => one.id);
  return `list_extract([${ids.map(groupOf)}], list_position([${ids}], series))`;
}

const edgesOf = ({ startUs, endUs }: SumsWindow): SumsWindow => ({
  startUs: Math.ceil(startUs),
  endUs: Math.ceil(endUs),
});

/** Spans of the buckets of a window, by a plan for it; what lies beside the window is before or after. */
function windowSpans(open: OpenSources, asked: SumsAsked): string | undefined {
  const { aggregates, buckets } = asked;
  const { startUs, endUs } = edgesOf(asked);
  const { sources } = open;
  const wide = wideWindow({ startUs, endUs }, aggregates, sources.days);
  const parts = planOf(sources.stocks, sources.days, {
    fromUs: wide.startUs,
    untilUs: wide.endUs,
    cuts: [startUs, endUs],
    after: (us) => {
      if (us < startUs) return startUs;
      if (us >= endUs) return Number.POSITIVE_INFINITY;
      return buckets === undefined ? endUs : Math.min(endUs, buckets.after(us));
    },
  });
  if (parts.length === 0) return undefined;
  const spans = open.spans(parts);
  const key = buckets?.keySql('at_us') ?? '0::BIGINT';
  const startOf = (of: string): string =>
    `greatest(${startUs}, ${buckets?.startSql(of) ?? startUs})`;
  if (marginsOf(aggregates) === undefined) {
    // Nothing is between: the sums of the answer are all that there is to be made.
    return `SELECT * REPLACE (${startOf('key')} AS at_us) FROM (SELECT *, ${key} AS key FROM (${spans}))`;
  }
  const [before, after] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return mergeSpans(
    spans,
    {
      key: `CASE WHEN at_us < ${startUs} THEN ${before} WHEN at_us >= ${endUs} THEN ${after}
        ELSE ${key} END`,
      startOf: (of) =>
        `CASE WHEN ${of} = ${before} THEN ${startUs - 1} WHEN ${of} = ${after} THEN ${endUs}
          ELSE ${startOf(of)} END`,
      endOf: (of) =>
        `CASE WHEN ${of} = ${before} THEN ${startUs}
          ELSE least(${endUs}, ${buckets?.endSql(of) ?? endUs}) END`,
    },
    'across',
  );
}

/** From the beginning of a day, where it is one of many that are looked back at. */
function wideWindow(
  window: SumsWindow,
  aggregates: readonly Aggregate[],
  days: readonly { readonly fromUs: number; readonly untilUs: number }[],
): SumsWindow {
  const margins = marginsOf(aggregates);
  if (margins === undefined) return window;
  const { startUs, endUs } = withMargins(window, aggregates);
  if (margins.before <= longestDayUs) return { startUs, endUs };
  const fromUs = startUs + longestDayUs;
  const day = days.find((one) => one.fromUs <= fromUs && fromUs < one.untilUs);
  return { startUs: Math.max(startUs, day?.fromUs ?? fromUs), endUs };
}
