import { kinds } from '../../points.ts';
import { longestSilenceUs, widestGapUs } from '../../summary.ts';

/**
 * A span is what is known of one series over a stretch of time: one reading, or many summed up. Two
 * neighbouring spans make one, in any grouping and to the same result: this is why an answer from
 * rollups is the answer from raw readings.
 *
 * | column | |
 * |---|---|
 * | `series` | whose readings they are |
 * | `class` | 0 numbers and booleans, 1 texts: each counted by itself |
 * | `at_us` | where its bucket begins; of a reading its time |
 * | `first_us`, `last_us` | when its first and last readings were |
 * | `count`, `sum`, `min`, `max` | of its readings; booleans count as 0 and 1 |
 * | `first`, `first_text`, `first_kind`, and `last…` | its first and last values |
 * | `area` | by trapezoids between neighbours, in value·seconds: energy under a power |
 * | `held`, `held_s` | each value for as long as it stood, and for how long, in value·seconds and seconds |
 * | `increase` | how much a counter went up; one that went down began again at 0 |
 *
 * The last four know only what happened between the first and the last reading. What lies between
 * two spans is reckoned when they meet: that is a link.
 */
export const spanColumns = [
  'first_us',
  'last_us',
  'count',
  'sum',
  'min',
  'max',
  'first',
  'last',
  'first_text',
  'last_text',
  'first_kind',
  'last_kind',
  'area',
  'held',
  'held_s',
  'increase',
] as const;

/** Spans of single readings, from a relation of `series, time_us, value, text, kind`. */
export const spansOfReadings = (readings: string): string => `
  SELECT series, (kind = ${kinds.text})::UTINYINT AS class, time_us AS at_us,
         time_us AS first_us, time_us AS last_us, 1::BIGINT AS count,
         value AS sum, value AS min, value AS max, value AS first, value AS last,
         text AS first_text, text AS last_text, kind AS first_kind, kind AS last_kind,
         0::DOUBLE AS area, 0::DOUBLE AS held, 0::DOUBLE AS held_s, 0::DOUBLE AS increase
  FROM (${readings}) WHERE kind <> ${kinds.sealed}`;

/** The buckets that spans are put together in, as SQL. */
export interface SpanBuckets {
  /** What stands for the bucket of `at_us`: equal for two spans that belong together. */
  readonly key: string;
  /** When the bucket begins, in UTC microseconds, from `key`. */
  readonly startOf: (key: string) => string;
  /** When it ends, likewise. */
  readonly endOf: (key: string) => string;
}

/**
 * Puts neighbouring spans of each bucket together; `at_us` is where the bucket begins. What lies
 * between two of them counts in, also where that is across the edge of a bucket when `links` is
 * `across`: then area and increase go to the later bucket, and the time that a value stood for is
 * divided. Rollups are made `within`, so that they depend on nothing beside them.
 */
export function mergeSpans(
  spans: string,
  buckets: SpanBuckets,
  links: 'none' | 'within' | 'across',
): string {
  if (links === 'none') return grouped(keyed(spans, buckets), buckets, unlinked);
  const sums = links === 'within' ? linkedWithin : linkedAcross(buckets);
  return grouped(withNeighbours(spans, buckets, 'series'), buckets, sums);
}

/**
 * As `mergeSpans` with links `across`, for spans of which no two are in one bucket: nothing has to be
 * put together, which for many of them is most of the work. `series` are the columns that name one.
 */
export function linkSpans(spans: string, buckets: SpanBuckets, series: string): string {
  const { area, held, heldSeconds, increase } = linkedAcross(buckets);
  return `
  SELECT * EXCLUDE (key, earlier_us, earlier, earlier_key, later_us, later_key)
         REPLACE (${area} AS area, ${held} AS held, ${heldSeconds} AS held_s, ${increase} AS increase)
  FROM (${withNeighbours(spans, buckets, series)})`;
}

const keyed = (spans: string, buckets: SpanBuckets): string =>
  `SELECT *, (${buckets.key}) AS key FROM (${spans})`;

/** Spans beside what is before and after them in their series. */
const withNeighbours = (spans: string, buckets: SpanBuckets, series: string): string => `
    SELECT *, lag(last_us) OVER neighbours AS earlier_us, lag(last) OVER neighbours AS earlier,
           lag(key) OVER neighbours AS earlier_key,
           lead(first_us) OVER neighbours AS later_us, lead(key) OVER neighbours AS later_key
    FROM (${keyed(spans, buckets)}) WINDOW neighbours AS (PARTITION BY ${series}, class ORDER BY first_us)`;

/** What the last four columns are summed up from. */
interface Sums {
  readonly area: string;
  readonly held: string;
  readonly heldSeconds: string;
  readonly increase: string;
}

const grouped = (spans: string, { startOf }: SpanBuckets, sums: Sums): string => `
  SELECT series, class, ${startOf('key')} AS at_us,
         min(first_us) AS first_us, max(last_us) AS last_us, sum(count)::BIGINT AS count,
         sum(sum) AS sum, min(min) AS min, max(max) AS max,
         arg_min_null(first, first_us) AS first, arg_max_null(last, last_us) AS last,
         arg_min_null(first_text, first_us) AS first_text,
         arg_max_null(last_text, last_us) AS last_text,
         arg_min_null(first_kind, first_us) AS first_kind,
         arg_max_null(last_kind, last_us) AS last_kind,
         sum(${sums.area}) AS area, sum(${sums.held}) AS held,
         sum(${sums.heldSeconds}) AS held_s, sum(${sums.increase}) AS increase
  FROM (${spans}) GROUP BY series, class, key`;

const unlinked: Sums = {
  area: 'area',
  held: 'held',
  heldSeconds: 'held_s',
  increase: 'increase',
};

const gap = 'first_us - earlier_us';
/** Spans that overlap (late readings beside a rollup of the others) have nothing between them. */
const isNear = `${gap} BETWEEN 0 AND ${widestGapUs}`;
const trapezoid = `(earlier + first) / 2 * (${gap}) / 1e6`;
/** A meter counts up; what is less than before was counted from 0. */
const rise = 'CASE WHEN first >= earlier THEN first - earlier ELSE first END';
const isWithin = 'earlier_key = key';

const linkedWithin: Sums = {
  area: `area + CASE WHEN ${isWithin} AND ${isNear} THEN ${trapezoid} ELSE 0 END`,
  held: `held + CASE WHEN ${isWithin} AND first_us >= earlier_us
    THEN earlier * least(${gap}, ${widestGapUs}) / 1e6 ELSE 0 END`,
  heldSeconds: `held_s + CASE WHEN ${isWithin} AND first_us >= earlier_us
    THEN least(${gap}, ${widestGapUs}) / 1e6 ELSE 0 END`,
  increase: `increase + CASE WHEN ${isWithin} AND first_us >= earlier_us THEN ${rise} ELSE 0 END`,
};

function linkedAcross({ startOf, endOf }: SpanBuckets): Sums {
  // How long the value before stood within this bucket, and how long the last one still does.
  const before = `CASE WHEN earlier_us IS NULL OR first_us < earlier_us THEN 0
    ELSE greatest(0, least(first_us, earlier_us + ${widestGapUs})
      - greatest(earlier_us, ${startOf('key')})) / 1e6 END`;
  // Also where nothing comes later: how far was looked ahead is not to be seen in an answer.
  const stoodUntil = `coalesce(later_us, last_us + ${widestGapUs})`;
  const after = `CASE WHEN later_key = key OR later_us < last_us THEN 0
    ELSE greatest(0, least(${stoodUntil}, last_us + ${widestGapUs}, ${endOf('key')}) - last_us)
      / 1e6 END`;
  return {
    area: `area + CASE WHEN ${isNear} THEN ${trapezoid} ELSE 0 END`,
    held: `held + coalesce(earlier * ${before}, 0) + coalesce(last * ${after}, 0)`,
    heldSeconds: `held_s + CASE WHEN last IS NULL THEN 0 ELSE ${before} + ${after} END`,
    increase: `increase + CASE WHEN ${gap} BETWEEN 0 AND ${longestSilenceUs} THEN ${rise} ELSE 0 END`,
  };
}
