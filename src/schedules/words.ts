/** Times and rules in plain words, as they are at home. */

import type { ActionValue } from '#devices';
import { allDays } from './asked.ts';
import type { DayName, Rule } from './time/rule.ts';
import type { EdgeKind } from './time/timetable.ts';
import type { WallClock } from './time/wall-clock.ts';

const dayMs = 86_400_000;
const shortDay = (day: DayName): string => `${day[0]?.toUpperCase()}${day.slice(1)}`;

/** `Mon–Fri 18:00–23:00`, `once 2026-12-24 18:00`, `cron 30 7 * * 1-5`. */
export function sayRule(rule: Rule): string {
  switch (rule.kind) {
    case 'weekly':
      return `${sayDays(rule.days)} ${rule.start}–${rule.end}`;
    case 'once': {
      const until = rule.until === undefined ? '' : ` until ${plainTime(rule.until)}`;
      return `once ${plainTime(rule.at)}${until}`;
    }
    case 'cron': {
      const minutes = rule.durationMinutes;
      return `cron ${rule.cron}${minutes === undefined ? '' : ` for ${minutes} min`}`;
    }
  }
}

/** Only the times, for where the days do not matter. */
export const sayHours = (rule: Rule): string =>
  rule.kind === 'weekly' ? `${rule.start}–${rule.end}` : sayRule(rule);

const plainTime = (text: string): string => text.replace(/[Tt]/, ' ');

function sayDays(days: readonly DayName[]): string {
  if (days.length === allDays.length) return 'daily';
  const indexes = days.map((day) => allDays.indexOf(day));
  const first = indexes[0] ?? 0;
  const isRow = days.length > 2 && indexes.every((index, place) => index === first + place);
  if (!isRow) return days.map(shortDay).join(', ');
  return `${shortDay(days[0] as DayName)}–${shortDay(days.at(-1) as DayName)}`;
}

/** `Mon 2026-03-02 18:00`: an instant as the clock at home shows it. */
export function sayLocal(atMs: number, clock: WallClock): string {
  const { day, date, time } = wallParts(atMs, clock);
  return `${day} ${date} ${time}`;
}

/** As short as it can be without being mistaken: `18:00` today, `Mon 18:00` near, else with the date. */
export function sayNear(atMs: number, nowMs: number, clock: WallClock): string {
  const { day, date, time } = wallParts(atMs, clock);
  if (date === wallParts(nowMs, clock).date) return time;
  return Math.abs(atMs - nowMs) < 6 * dayMs ? `${day} ${time}` : `${day} ${date} ${time}`;
}

function wallParts(atMs: number, clock: WallClock) {
  const wall = new Date(clock.wallOf(atMs));
  const iso = wall.toISOString();
  const day = shortDay((allDays[(wall.getUTCDay() + 6) % 7] ?? 'mon') as DayName);
  return { day, date: iso.slice(0, 10), time: iso.slice(11, 16) };
}

/** `turnOn`, `setFanSpeed 3`. */
export const sayAction = (action: string, value: ActionValue | undefined): string =>
  value === undefined || value === null
    ? action
    : `${action} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;

export const edgeVerb: Readonly<Record<EdgeKind, string>> = {
  start: 'begins',
  end: 'ends',
  once: 'speaks',
};
