import { stateWords } from './command-words.ts';
import type { DayName, Schedule, ScheduleRun, TypeDefinition } from './control-wire.ts';
import { sentence } from './problem.ts';
import { dayAndTime, dayAndYear } from './time.ts';
import { timeOfDayWords } from './time-of-day.ts';

/** As a week is read, Monday first. */
export const week: readonly (readonly [day: DayName, short: string, long: string])[] = [
  ['mon', 'Mon', 'Monday'],
  ['tue', 'Tue', 'Tuesday'],
  ['wed', 'Wed', 'Wednesday'],
  ['thu', 'Thu', 'Thursday'],
  ['fri', 'Fri', 'Friday'],
  ['sat', 'Sat', 'Saturday'],
  ['sun', 'Sun', 'Sunday'],
];

/** `Every day`, `Mon–Fri`, `Sat, Sun`. */
export function daysWords(days: readonly DayName[], everyDay = 'Every day'): string {
  const indexes = week.flatMap(([day], index) => (days.includes(day) ? [index] : []));
  if (indexes.length === week.length) return everyDay;
  const short = indexes.map((index) => week[index]?.[1] ?? '');
  const first = indexes[0] ?? 0;
  const isRow = indexes.length > 2 && indexes.every((index, place) => index === first + place);
  return isRow ? `${short[0]}–${short.at(-1)}` : short.join(', ');
}

/** When it runs: `Mon–Fri 09:00–17:00`, `Once, 24 Dec 2026 18:00`. */
export function whenWords(schedule: Schedule): string {
  const { kind, days = [], start = '', end = '', at = '', until, cron = '' } = schedule;
  if (kind === 'weekly') return `${daysWords(days)} ${hoursWords(start, end)}`;
  if (kind === 'once')
    return `Once, ${momentWords(at)}${until ? ` to ${untilWords(at, until)}` : ''}`;
  const minutes = schedule.duration_minutes;
  return `At every “${cron}”${minutes ? `, for ${minutes} min` : ''}`;
}

function hoursWords(start: string, end: string): string {
  const isOnClock = /^\d/.test(start) && /^\d/.test(end);
  if (!isOnClock) return `from ${timeOfDayWords(start)} to ${timeOfDayWords(end)}`;
  return `${start}–${end}${end < start ? ' the next day' : ''}`;
}

/** A time at home is said as it is written; one with a zone as the reader's own clock shows it. */
function momentWords(text: string): string {
  const { day, time } = momentParts(text);
  return `${day} ${time}`;
}

function untilWords(from: string, until: string): string {
  const end = momentParts(until);
  return end.day === momentParts(from).day ? end.time : `${end.day} ${end.time}`;
}

function momentParts(text: string): { day: string; time: string } {
  const hasZone = /[Tt ].*([zZ]|[+-]\d{2}:?\d{2})$/.test(text);
  const timeMs = Date.parse(hasZone ? text : text.slice(0, 16).replace(' ', 'T'));
  if (Number.isNaN(timeMs)) return { day: text, time: '' };
  const time = new Date(timeMs).toTimeString().slice(0, 5);
  return { day: dayAndYear(timeMs), time };
}

/** What it is called, if anyone gave it a name: else the hub calls it by its times. */
export function ownName(schedule: Schedule): string {
  const { name, kind, days = [], start, end, at = '', until, cron } = schedule;
  const plain = (text: string) => text.replace(/[Tt]/, ' ');
  const minutes = schedule.duration_minutes;
  const byTimes =
    kind === 'weekly'
      ? `${daysWords(days, 'daily')} ${start}–${end}`
      : kind === 'once'
        ? `once ${plain(at)}${until ? ` until ${plain(until)}` : ''}`
        : `cron ${cron}${minutes ? ` for ${minutes} min` : ''}`;
  return name === byTimes ? '' : name;
}

/** What it does: `fan speed 3, then off`. */
export function doesWords(schedule: Schedule, definition: TypeDefinition | undefined): string {
  const begin = stateWords(definition, schedule);
  const hasEnd =
    schedule.kind === 'weekly' || Boolean(schedule.until) || Boolean(schedule.duration_minutes);
  if (!hasEnd) return begin;
  const { end_action: end } = schedule;
  return `${begin}, then ${end === null ? 'left as it is' : stateWords(definition, end)}`;
}

/** What is to come: `Next: 17:00, off`. */
export function nextWords(
  schedule: Schedule,
  definition: TypeDefinition | undefined,
  nowMs: number,
): string {
  if (schedule.problem) return sentence(schedule.problem);
  if (!schedule.enabled) return 'Switched off.';
  const [next] = schedule.next_runs;
  if (next === undefined) return 'Nothing to come any more.';
  const { action, value } = next;
  const does = action === null ? 'left as it is' : stateWords(definition, { action, value });
  return `Next: ${dayAndTime(Date.parse(next.at), nowMs)}, ${does}.`;
}

/** How it went last: `Last: 09:00, done.` */
export function lastWords(run: ScheduleRun, nowMs: number): string {
  const at = dayAndTime(Date.parse(run.at), nowMs);
  if (run.outcome === 'missed') {
    const often = run.count > 1 ? ` ${run.count} times` : '';
    return `Last: ${at}, missed${often} while the hub was off.`;
  }
  const failed = run.devices.find(({ outcome }) => outcome === 'failed');
  if (failed) return `Last: ${at}, failed. ${sentence(failed.error ?? '')}`.trim();
  const said = new Set(run.devices.map(({ outcome }) => outcomeWords[outcome] ?? 'done'));
  return `Last: ${at}, ${said.size === 0 ? 'there was no device' : [...said].join('; ')}.`;
}

const outcomeWords: Readonly<Record<string, string>> = {
  sent: 'done',
  already: 'it was so already',
  pending: 'it was under way already',
  overridden: 'something else had precedence',
  left: 'left as it was',
};
