import { dayS, hourS, type Range } from './range.ts';
import { clockTime, dayOfMonth, type HourCycle, monthName, weekday } from './time.ts';

const minuteS = 60;
/** uPlot takes a multiple of 30 days for months of the calendar. */
const monthS = 30 * dayS;

const times = (unitS: number, ...counts: number[]) => counts.map((count) => count * unitS);

/** Steps of a time axis that a person would choose, in seconds. */
export function stepsOf(range: Range): number[] {
  switch (range.key) {
    case '1h':
      return times(minuteS, 5, 10, 15, 30);
    case '24h':
      return times(hourS, 2, 3, 4, 6, 12);
    case '7d':
      return times(dayS, 1, 2);
    case '30d':
      return times(dayS, 2, 5, 7, 10, 14);
    case '1y':
      return times(monthS, 1, 2, 3, 6);
  }
}

/** What stands under a time axis at a moment. */
export function labelOf(range: Range, timeMs: number, hourCycle?: HourCycle): string {
  switch (range.key) {
    case '7d':
      return weekday(timeMs);
    case '30d':
      return dayOfMonth(timeMs);
    case '1y':
      return monthName(timeMs);
    default:
      return clockTime(timeMs, hourCycle);
  }
}

const letterPx = 7.2;
const apartPx = 16;

/** How wide the labels of a time axis are, in pixels: `02:00 pm` needs more room than `14:00`. */
export const labelPx = (range: Range, hourCycle?: HourCycle): number =>
  letterPx * labelOf(range, Date.UTC(2026, 2, 28, 12), hourCycle).length;

/** How far one label begins after another, at least, so that they do not run into each other. */
export const labelSpacePx = (range: Range, hourCycle?: HourCycle): number =>
  Math.ceil(labelPx(range, hourCycle) + apartPx);
