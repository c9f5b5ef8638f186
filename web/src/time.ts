import { ownLocales } from './locale.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Midnight at the start of the day of `nowMs`, in the reader's own time zone. */
export function startOfDayMs(nowMs: number): number {
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** The calendar day before the one that starts at `midnightMs`: 23 or 25 hours back when clocks change. */
function dayBeforeMs(midnightMs: number): number {
  const day = new Date(midnightMs);
  day.setDate(day.getDate() - 1);
  return day.getTime();
}

/** Whether hours are said with a.m. and p.m. (`h12`) or from 00 to 23 (`h23`). */
export type HourCycle = 'h11' | 'h12' | 'h23' | 'h24';

/** What the reader's own settings ask for. Only the hours follow them: the words are English. */
const ownCycle: HourCycle =
  new Intl.DateTimeFormat(ownLocales, { hour: 'numeric' }).resolvedOptions().hourCycle ?? 'h23';

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options);
const minutes = { hour: '2-digit', minute: '2-digit' } as const;
const dayFormat = format({ day: 'numeric', month: 'short' });
const yearFormat = format({ day: 'numeric', month: 'short', year: 'numeric' });
const monthFormat = format({ month: 'short' });
const weekdayFormat = format({ weekday: 'short', day: 'numeric' });

export const clockTime = (timeMs: number, hourCycle = ownCycle): string =>
  format({ ...minutes, hourCycle }).format(timeMs);
export const clockSeconds = (timeMs: number, hourCycle = ownCycle): string =>
  format({ ...minutes, second: '2-digit', hourCycle }).format(timeMs);
export const weekday = (timeMs: number): string => weekdayFormat.format(timeMs);
export const dayOfMonth = (timeMs: number): string => dayFormat.format(timeMs);
/** `Mar`. */
export const monthName = (timeMs: number): string => monthFormat.format(timeMs);
export const dayAndYear = (timeMs: number): string => yearFormat.format(timeMs);

/** The calendar day after the one that starts at `midnightMs`. */
function dayAfterMs(midnightMs: number): number {
  const day = new Date(midnightMs);
  day.setDate(day.getDate() + 1);
  return day.getTime();
}

const isToday = (timeMs: number, nowMs: number): boolean =>
  startOfDayMs(timeMs) === startOfDayMs(nowMs);

/**
 * A moment as a person would say it on the day of `nowMs`: `14:05`, `yesterday 09:12`,
 * `tomorrow 07:00`, `3 Mar 2026`.
 */
export function dayAndTime(timeMs: number, nowMs: number, hourCycle = ownCycle): string {
  const clock = clockTime(timeMs, hourCycle);
  if (isToday(timeMs, nowMs)) return clock;
  const todayMs = startOfDayMs(nowMs);
  if (timeMs < todayMs && timeMs >= dayBeforeMs(todayMs)) return `yesterday ${clock}`;
  const tomorrowMs = dayAfterMs(todayMs);
  if (startOfDayMs(timeMs) === tomorrowMs) return `tomorrow ${clock}`;
  if (timeMs > tomorrowMs && timeMs < nowMs + 6 * dayMs) return `${weekday(timeMs)}, ${clock}`;
  const sameYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  return sameYear ? `${dayFormat.format(timeMs)}, ${clock}` : dayAndYear(timeMs);
}

/** How long ago, in words that need no arithmetic: `just now`, `5 minutes ago`, `yesterday 09:12`. */
export function timeAgo(timeMs: number, nowMs: number, hourCycle = ownCycle): string {
  const ageMs = nowMs - timeMs;
  if (ageMs < minuteMs) return 'just now';
  if (ageMs < hourMs) return plural(Math.floor(ageMs / minuteMs), 'minute');
  if (ageMs < 6 * hourMs) return plural(Math.floor(ageMs / hourMs), 'hour');
  const said = dayAndTime(timeMs, nowMs, hourCycle);
  return isToday(timeMs, nowMs) ? `today ${said}` : said;
}

const plural = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'} ago`;

/** How much time is left, down to the second: `9 min 12 s`, `1 h 5 min`; nothing is less than `0 s`. */
export function timeLeft(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}
