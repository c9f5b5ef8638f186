import { startOfDayMs } from './time.ts';

/** How a stretch of time is cut: how a bucket is asked for, and how long it lasts in seconds. */
export interface Step {
  readonly interval: string;
  readonly intervalS: number;
}

/** The stretches of time that a chart can show, and how finely each is asked for. */
export interface Range {
  readonly key: '1h' | '24h' | '7d' | '30d' | '1y';
  readonly label: string;
  /** For the chart's heading: `the last 24 hours`. */
  readonly words: string;
  readonly lengthS: number;
  /** Of a line. */
  readonly line: Step;
  /** Of bars: hours, days or weeks, of each of which one wants to know how much it was. */
  readonly bars: Step;
  /** What a bar stands for: `in a day`. */
  readonly barWords: string;
  /** How wide the rows of the table beside a line are. */
  readonly rowS: number;
  /** What it is compared with, as the hub knows it and in words. */
  readonly compare: 'previous' | '1d' | '1w' | '1y';
  readonly beforeWords: string;
}

export const hourS = 3600;
export const dayS = 86_400;
export const weekS = 7 * dayS;

export const hour: Range = {
  key: '1h',
  label: '1 hour',
  words: 'the last hour',
  lengthS: hourS,
  line: { interval: '10s', intervalS: 10 },
  bars: { interval: '5m', intervalS: 300 },
  barWords: 'in 5 minutes',
  rowS: 300,
  compare: 'previous',
  beforeWords: 'the hour before',
};

export const day: Range = {
  key: '24h',
  label: '24 h',
  words: 'the last 24 hours',
  lengthS: dayS,
  line: { interval: '1m', intervalS: 60 },
  bars: { interval: '1h', intervalS: hourS },
  barWords: 'in an hour',
  rowS: hourS,
  compare: '1d',
  beforeWords: 'the day before',
};

export const week: Range = {
  key: '7d',
  label: '7 days',
  words: 'the last 7 days',
  lengthS: weekS,
  line: { interval: '10m', intervalS: 600 },
  bars: { interval: '1d', intervalS: dayS },
  barWords: 'in a day',
  rowS: 6 * hourS,
  compare: '1w',
  beforeWords: 'the week before',
};

export const month: Range = {
  key: '30d',
  label: '30 days',
  words: 'the last 30 days',
  lengthS: 30 * dayS,
  line: { interval: '1h', intervalS: hourS },
  bars: { interval: '1d', intervalS: dayS },
  barWords: 'in a day',
  rowS: dayS,
  compare: 'previous',
  beforeWords: 'the 30 days before',
};

export const year: Range = {
  key: '1y',
  label: '1 year',
  words: 'the last year',
  lengthS: 365 * dayS,
  line: { interval: '1d', intervalS: dayS },
  bars: { interval: '7d', intervalS: weekS },
  barWords: 'in a week',
  rowS: weekS,
  compare: '1y',
  beforeWords: 'the year before',
};

export const ranges: readonly Range[] = [hour, day, week, month, year];

export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * What a chart shows that ends with `endMs`, cut so that it begins and ends with a whole bucket:
 * days and weeks are those of the reader's calendar, and weeks begin on Mondays.
 */
export function stretchOf(range: Range, { intervalS }: Step, endMs: number): Stretch {
  const stepMs = intervalS * 1000;
  if (intervalS < dayS) {
    const end = Math.ceil(endMs / stepMs) * stepMs;
    return { startMs: end - range.lengthS * 1000, endMs: end };
  }
  const startOfLast = rowStartMs(endMs - 1, intervalS);
  const days = intervalS / dayS;
  const end = daysLaterMs(startOfLast, days);
  const length = Math.floor(range.lengthS / intervalS) * days;
  return { startMs: daysLaterMs(end, -length), endMs: end };
}

/** Where the hours, the day or the week begin that a moment lies in, by the reader's calendar. */
export function rowStartMs(timeMs: number, rowS: number): number {
  const midnightMs = startOfDayMs(timeMs);
  if (rowS < dayS) {
    const rowMs = rowS * 1000;
    return midnightMs + Math.floor((timeMs - midnightMs) / rowMs) * rowMs;
  }
  if (rowS < weekS) return midnightMs;
  const sinceMonday = (new Date(midnightMs).getDay() + 6) % 7;
  return daysLaterMs(midnightMs, -sinceMonday);
}

function daysLaterMs(midnightMs: number, days: number): number {
  const moved = new Date(midnightMs);
  moved.setDate(moved.getDate() + days);
  return moved.getTime();
}
