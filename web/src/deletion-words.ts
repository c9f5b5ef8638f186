import type { Deletion } from './history-wire.ts';
import { count } from './kept-words.ts';
import { type Locales, ownLocales } from './locale.ts';
import { metricOf } from './metrics.ts';
import { dayAndYear } from './time.ts';

/**
 * What a deletion takes, so that one can see before whether it is what one means.
 * @param readings how many; undefined where that is not known
 */
export function deletionWords(
  { metric, startMs, endMs }: Deletion,
  device: string,
  readings: number | undefined,
  locales: Locales = ownLocales,
): string {
  const what = metric === undefined ? 'Everything' : metricOf(metric).label;
  return `${what} that ${device} measured${timeWords(startMs, endMs)} is deleted${
    readings ? `: ${count(readings, 'reading', locales)}` : ''
  }.`;
}

function timeWords(startMs: number | undefined, endMs: number | undefined): string {
  if (startMs === undefined || endMs === undefined) return ', from the first reading to now,';
  // What ends at midnight is of the day before.
  const [from, to] = [dayAndYear(startMs), dayAndYear(endMs - 1)];
  return from === to ? ` on ${from}` : ` from ${from} to ${to}`;
}
