import { hour, type Range, week } from './range.ts';
import { clockTime, type HourCycle, weekday } from './time.ts';

const minuteS = 60;
const hourS = 3600;
const dayS = 86_400;

/** Steps of a time axis that a person would choose, in seconds. */
export function stepsOf(range: Range): number[] {
  if (range === hour) return [5, 10, 15, 30].map((count) => count * minuteS);
  if (range === week) return [dayS, 2 * dayS];
  return [2, 3, 4, 6, 12].map((count) => count * hourS);
}

/** What stands under a time axis at a moment. */
export const labelOf = (range: Range, timeMs: number, hourCycle?: HourCycle): string =>
  range === week ? weekday(timeMs) : clockTime(timeMs, hourCycle);

const letterPx = 7.2;
const apartPx = 16;

/** How wide the labels of a time axis are, in pixels: `02:00 pm` needs more room than `14:00`. */
export const labelPx = (range: Range, hourCycle?: HourCycle): number =>
  letterPx * labelOf(range, Date.UTC(2026, 2, 28, 12), hourCycle).length;

/** How far one label begins after another, at least, so that they do not run into each other. */
export const labelSpacePx = (range: Range, hourCycle?: HourCycle): number =>
  Math.ceil(labelPx(range, hourCycle) + apartPx);
