import type { Comparison } from './api.ts';
import { upperFirst } from './command-words.ts';
import { type Locales, ownLocales } from './locale.ts';
import { sayValue, yesWord } from './metrics.ts';
import { type Quantity, sayQuantity } from './quantity.ts';
import type { Range } from './range.ts';
import { type Bucket, readBuckets } from './series.ts';
import type { TelemetryRow } from './wire.ts';

/** A time beside the one before it. */
export interface Compared {
  /** Of the time before, moved to the times that they are compared with. */
  readonly earlier: readonly Bucket[];
  /** Both as one number; undefined where there were no readings. */
  readonly total: number | undefined;
  readonly earlierTotal: number | undefined;
  /** Whether so much is missing of the time before that the two cannot fairly be compared. */
  readonly isPatchy: boolean;
}

/** Of a device's answer to `/telemetry?compare=…`, where both times have their rows in one order. */
export function comparedOf(quantity: Quantity, { series, compared }: Comparison): Compared {
  const rows = series[0]?.data ?? [];
  const earlierRows = compared?.series[0]?.data ?? [];
  const moved = earlierRows.flatMap((row, index) => {
    const timestamp = rows[index]?.timestamp;
    return timestamp === undefined ? [] : { ...row, timestamp };
  });
  const [shown] = quantity.aggregates;
  const now = readBuckets(rows, quantity.metric, shown);
  const earlier = readBuckets(moved, quantity.metric, shown);
  return {
    earlier,
    total: totalOf(quantity, rows, now),
    earlierTotal: totalOf(quantity, earlierRows, earlier),
    isPatchy: earlier.length > 0 && earlier.length < 0.8 * now.length,
  };
}

/** What a whole time comes to: energy in kWh, what was used, or what it was on average. */
export function totalOf(
  { metric, kind, total }: Quantity,
  rows: readonly TelemetryRow[],
  buckets: readonly Bucket[],
): number | undefined {
  if (total === 'area') {
    const energies = rows.flatMap((row) => row[`${metric}_energy`] ?? []);
    return sumOf(energies.filter((energy) => typeof energy === 'number'));
  }
  if (total === 'sum') return sumOf(buckets.map(({ avg }) => avg));
  // A share is of the time already, however many readings there were.
  const weightOf = ({ count }: Bucket) => (kind === 'share' ? 1 : count);
  const weighted = sumOf(buckets.map((bucket) => bucket.avg * weightOf(bucket)));
  const weight = sumOf(buckets.map(weightOf)) ?? 0;
  return weighted === undefined || weight === 0 ? undefined : weighted / weight;
}

const sumOf = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : numbers.reduce((sum, number) => sum + number, 0);

/** Both in a sentence: `12.4 kWh, 8 % less than the week before (13.5 kWh).` */
export function comparisonWords(
  quantity: Quantity,
  range: Range,
  { total, earlierTotal, isPatchy }: Compared,
  locales: Locales = ownLocales,
): string {
  const before = range.beforeWords;
  if (total === undefined) return `There is nothing to compare with ${before}.`;
  const isAmount = quantity.total !== 'mean';
  const say = (value: number) =>
    quantity.total === 'area'
      ? sayValue('energy', value, locales)
      : sayQuantity(quantity, value, locales);
  const now = isAmount
    ? `${say(total)} used`
    : quantity.kind === 'share'
      ? `${upperFirst(yesWord(quantity.metric))} ${say(total)} of the time`
      : `On average ${say(total)}`;
  if (earlierTotal === undefined) return `${now}. There are no readings of ${before}.`;
  const words = isAmount
    ? `${now}, ${differenceWords(total, earlierTotal, before)} (${say(earlierTotal)}).`
    : `${now}, ${before} ${say(earlierTotal)}.`;
  return isPatchy ? `${words} Readings of ${before} are incomplete.` : words;
}

/** `8 % less than the week before`; a share of nothing, or of next to nothing, tells nobody anything. */
function differenceWords(total: number, earlier: number, before: string): string {
  const percent = Math.round((100 * (total - earlier)) / earlier);
  if (total === earlier || percent === 0) return `as much as ${before}`;
  const direction = total > earlier ? 'more' : 'less';
  if (!Number.isFinite(percent) || percent > 999) return `much more than ${before}`;
  return `${Math.abs(percent)}\u00a0% ${direction} than ${before}`;
}
