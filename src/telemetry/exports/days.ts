import { Zone } from '#kernel';
import type { ExportDay } from './types.ts';

/** From the oldest reading to the newest. */
export interface Extent {
  readonly oldestUs: number;
  readonly newestUs: number;
}

const dayUs = 86_400e6;

/** The days of the home's calendar between two instants, the first and the last cut to fit. */
export function daysBetween(startUs: number, endUs: number, timeZone: string): ExportDay[] {
  const zone = new Zone(timeZone);
  const days: ExportDay[] = [];
  const localUs = startUs + zone.offsetAt(startUs);
  for (let midnightUs = Math.floor(localUs / dayUs) * dayUs; ; midnightUs += dayUs) {
    const fromUs = Math.max(startUs, zone.instantOf(midnightUs));
    const untilUs = Math.min(endUs, zone.instantOf(midnightUs + dayUs));
    if (fromUs >= endUs) return days;
    // Places have skipped a day of the calendar: Samoa had no 2011-12-30.
    if (untilUs <= fromUs) continue;
    const date = new Date(midnightUs / 1000).toISOString().slice(0, 10);
    days.push({ date, startUs: fromUs, endUs: untilUs });
  }
}

/** The days that may have something in them: what begins up to `leadUs` before an extent counts too. */
export function daysWithin(
  days: readonly ExportDay[],
  extents: readonly Extent[],
  leadUs = 0,
): ExportDay[] {
  const sorted = extents.toSorted((a, b) => a.oldestUs - b.oldestUs);
  let next = 0;
  let untilUs = Number.NEGATIVE_INFINITY;
  return days.filter(({ startUs, endUs }) => {
    for (; next < sorted.length && (sorted[next] as Extent).oldestUs - leadUs < endUs; next++) {
      untilUs = Math.max(untilUs, (sorted[next] as Extent).newestUs);
    }
    return untilUs >= startUs;
  });
}
