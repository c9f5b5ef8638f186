import { Buckets } from '../../buckets.ts';
import type { Day } from '../manifest.ts';
import { mergeSpans, type SpanBuckets, spanColumns, spansOfReadings } from './spans.ts';
import { type RollupTier, tierIntervalUs } from './tiers.ts';

/**
 * How a day is cut up: into the minutes and hours of its zone, the first beginning no earlier than
 * the day; as a whole for `1d`.
 */
export function bucketsOf(tier: RollupTier, day: Day): SpanBuckets {
  if (tier === '1d') {
    return { key: String(day.fromUs), startOf: (key) => key, endOf: () => String(day.untilUs) };
  }
  const buckets = new Buckets(tierIntervalUs[tier], day.zone, day.fromUs, day.untilUs);
  return {
    key: buckets.keySql('at_us'),
    startOf: (key) => `greatest(${buckets.startSql(key)}, ${day.fromUs})`,
    endOf: (key) => `least(${buckets.endSql(key)}, ${day.untilUs})`,
  };
}

const columns = spanColumns.join(', ');

/** Spans of a day's buckets, from a relation of readings (`series, time_us, value, text, kind`). */
export const minutesOf = (readings: string, day: Day): string =>
  selected(mergeSpans(spansOfReadings(readings), bucketsOf('1m', day), 'within'), day);

/** Spans of a day's wider buckets, from a relation of its narrower ones. */
export const widerOf = (spans: string, tier: RollupTier, day: Day): string =>
  selected(mergeSpans(spans, bucketsOf(tier, day), 'within'), day);

const selected = (spans: string, day: Day): string =>
  `SELECT series, ${day.fromUs}::BIGINT AS day_us, class, at_us::BIGINT AS at_us, ${columns} FROM (${spans})`;

/** The statement that makes an empty table for spans: of one series each, with the day they are of. */
export const spanTable = (name: string): string => `
  CREATE OR REPLACE TEMP TABLE ${name} (
    series INTEGER, day_us BIGINT, class UTINYINT, at_us BIGINT,
    first_us BIGINT, last_us BIGINT, count BIGINT, sum DOUBLE, min DOUBLE, max DOUBLE,
    first DOUBLE, last DOUBLE, first_text VARCHAR, last_text VARCHAR,
    first_kind UTINYINT, last_kind UTINYINT, area DOUBLE, held DOUBLE, held_s DOUBLE, increase DOUBLE
  )`;
