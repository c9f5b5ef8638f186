import { upperFirst } from './command-words.ts';
import { totalOf } from './comparison.ts';
import { yesWord } from './metrics.ts';
import { type Quantity, quantityLabel, sayQuantity } from './quantity.ts';
import { dayS, type Range, type Stretch, weekS } from './range.ts';
import { type Bucket, summarise } from './series.ts';
import { clockSeconds, clockTime, dayAndTime, dayAndYear, dayOfMonth, weekday } from './time.ts';

/** `the last 24 hours`, or from when to when where one has gone back. */
export function stretchWords(
  range: Range,
  stretch: Stretch,
  isNow: boolean,
  nowMs: number,
): string {
  if (isNow) return range.words;
  const { startMs, endMs } = stretch;
  if (range.lengthS > weekS) return `${dayAndYear(startMs)} to ${dayAndYear(endMs - 1)}`;
  return `${dayAndTime(startMs, nowMs)} to ${dayAndTime(endMs, nowMs)}`;
}

/** The same behind a name: `in the last 24 hours`, `from 3 Mar 2026 to 1 Apr 2026`. */
export const withinWords = (words: string, isNow: boolean): string =>
  isNow ? `in ${words}` : `from ${words}`;

/** When a bucket is, as closely as it is cut: `14:05`, `Sat 28, 14:00`, `28 Mar`, `week of 23 Mar`. */
export function bucketWords(range: Range, intervalS: number, timeS: number): string {
  const timeMs = timeS * 1000;
  if (intervalS < 60) return clockSeconds(timeMs);
  if (intervalS < dayS) {
    const clock = clockTime(timeMs);
    return range.lengthS > dayS ? `${weekday(timeMs)}, ${clock}` : clock;
  }
  // The home's midnight may be another day where the reader is; noon is hardly ever.
  const noonMs = timeMs + (dayS / 2) * 1000;
  if (intervalS >= weekS) return `week of ${dayOfMonth(noonMs)}`;
  return range.lengthS > weekS ? dayOfMonth(noonMs) : weekday(noonMs);
}

/** A chart in a few words, for those who cannot see it and for those who want only the gist. */
export function chartWords(given: {
  readonly quantity: Quantity;
  readonly range: Range;
  readonly intervalS: number;
  /** Of what time: `in the last 24 hours`. */
  readonly within: string;
  readonly buckets: readonly Bucket[];
  /** The value at this moment, where the chart ends now. */
  readonly current: number | undefined;
  readonly nowMs: number;
}): string {
  const { quantity, range, intervalS, within, buckets, nowMs } = given;
  const label = quantityLabel(quantity);
  const summary = summarise(buckets);
  if (!summary) return `No readings of ${label} ${within}.`;
  const say = (value: number) => sayQuantity(quantity, value);
  if (quantity.kind === 'share') {
    const share = totalOf({ ...quantity, total: 'mean' }, [], buckets) ?? 0;
    return `${label} ${within}: ${yesWord(quantity.metric)} ${say(share)} of the time.`;
  }
  if (quantity.kind === 'counter') {
    const total = totalOf({ ...quantity, total: 'sum' }, [], buckets) ?? 0;
    const most = bucketWords(range, intervalS, summary.maxS);
    return `${label} ${within}: ${say(total)}, up to ${say(summary.max)} ${range.barWords} (${most}).`;
  }
  const at = (timeS: number) =>
    intervalS < dayS ? dayAndTime(timeS * 1000, nowMs) : bucketWords(range, intervalS, timeS);
  return (
    `${upperFirst(label)} ${within}: latest ${say(given.current ?? summary.latest)}, ` +
    `lowest ${say(summary.min)} (${at(summary.minS)}), ` +
    `highest ${say(summary.max)} (${at(summary.maxS)}).`
  );
}
