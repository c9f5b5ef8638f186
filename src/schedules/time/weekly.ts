import { HearthError } from '#kernel';
import type { Place } from './place.ts';
import { dayNames, type WeeklyRule } from './rule.ts';
import type { Span, Timetable } from './timetable.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const noonMinutes = 12 * 60;
/** How far a window's start is looked for: back, what nobody remembers is older; ahead, a polar year. */
const daysBack = 10;
const daysAhead = 400;

/** A time of day: minutes after midnight on the wall, or after the sun's rising or setting. */
type TimeOfDay =
  | { readonly from: 'midnight'; readonly minutes: number }
  | { readonly from: 'sunrise' | 'sunset'; readonly minutes: number };

/**
 * Windows on days of the week. One of wall times that ends before it begins goes over midnight. With
 * the sun in it which comes first varies over the year, so there the halves of the day decide: it
 * goes over midnight when it begins in the second half and ends in the first (sunrise counts to the
 * first, sunset to the second); else it is within its day, and there is none on a day on which its
 * end comes first.
 */
export function weeklyTimetable(rule: WeeklyRule, place: Place): Timetable {
  const start = readTimeOfDay(rule.start, 'start', place);
  const end = readTimeOfDay(rule.end, 'end', place);
  const isOnWall = start.from === 'midnight' && end.from === 'midnight';
  if (rule.start === rule.end) {
    throw new HearthError('unprocessable', `end is ${rule.end}, the same as start`, {
      field: 'end',
      hint: 'For a whole day give 00:00 and 23:59.',
    });
  }
  const goesOverMidnight = isOnWall ? end.minutes < start.minutes : isLate(start) && !isLate(end);
  const weekdays = new Set(rule.days.map((day) => dayNames.indexOf(day)));

  const instantOf = (time: TimeOfDay, day: number): number | undefined => {
    if (time.from === 'midnight') return place.clock.instantOf(day + time.minutes * minuteMs);
    const sun = place.sunOf(day)[time.from];
    return sun === undefined ? undefined : sun + time.minutes * minuteMs;
  };
  const spanOf = (day: number): Span | undefined => {
    if (!weekdays.has(new Date(day).getUTCDay())) return undefined;
    const startMs = instantOf(start, day);
    const endMs = instantOf(end, goesOverMidnight ? day + dayMs : day);
    if (startMs === undefined || endMs === undefined) return undefined;
    // Wall times that a change of the clock leaves out all happen at the change: no time in between.
    if (endMs < startMs || (endMs === startMs && !isOnWall)) return undefined;
    return { startMs, endMs };
  };
  const dayOf = (instantMs: number) => Math.floor(place.clock.wallOf(instantMs) / dayMs) * dayMs;

  const timetable: Timetable = {
    // A day on either side: an hour beside sunrise or sunset can be on another day than its sun.
    last(atMs) {
      const today = dayOf(atMs);
      for (let day = today + dayMs; day >= today - daysBack * dayMs; day -= dayMs) {
        const span = spanOf(day);
        if (span !== undefined && span.startMs <= atMs) return span;
      }
      return undefined;
    },
    next(afterMs) {
      const today = dayOf(afterMs);
      for (let day = today - dayMs; day <= today + daysAhead * dayMs; day += dayMs) {
        const span = spanOf(day);
        if (span === undefined || span.startMs <= afterMs) continue;
        // A day that a zone leaves out as a whole happens at once, just before the one that counts.
        const following = spanOf(day + dayMs);
        return following?.startMs === span.startMs ? following : span;
      }
      return undefined;
    },
  };
  return timetable;
}

const isLate = ({ from, minutes }: TimeOfDay): boolean =>
  from === 'midnight' ? minutes >= noonMinutes : from === 'sunset';

const wallPattern = /^([01]\d|2[0-3]):([0-5]\d)$/;
const sunPattern = /^(sunrise|sunset)(?:([+-])(0[0-6]):([0-5]\d))?$/;
const mostSunMinutes = 6 * 60;

function readTimeOfDay(text: string, field: 'start' | 'end', place: Place): TimeOfDay {
  const wall = wallPattern.exec(text);
  if (wall) return { from: 'midnight', minutes: Number(wall[1]) * 60 + Number(wall[2]) };
  const sun = sunPattern.exec(text);
  const minutes = sun?.[2] === undefined ? 0 : Number(sun[3]) * 60 + Number(sun[4]);
  if (!sun || minutes > mostSunMinutes) {
    throw new HearthError(
      'unprocessable',
      `${field} is not a time of day: "${text.slice(0, 40)}"`,
      {
        field,
        hint: 'Write 18:00, sunset or sunrise+00:30 (up to six hours from the sun).',
      },
    );
  }
  if (!place.hasSun) {
    throw new HearthError('unprocessable', `${field} is "${text}": where the home is, is not set`, {
      field,
      hint: 'Set home.latitude and home.longitude, then start the hub again.',
    });
  }
  const from = sun[1] as 'sunrise' | 'sunset';
  return { from, minutes: sun[2] === '-' ? -minutes : minutes };
}
