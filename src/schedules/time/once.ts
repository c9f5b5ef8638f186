import { HearthError } from '#kernel';
import type { Place } from './place.ts';
import { longestWindowMs, type OnceRule } from './rule.ts';
import type { Span, Timetable } from './timetable.ts';

/** One moment or one window. */
export function onceTimetable(rule: OnceRule, place: Place): Timetable {
  const startMs = readMoment(rule.at, 'at', place);
  const endMs = rule.until === undefined ? undefined : readMoment(rule.until, 'until', place);
  if (endMs !== undefined && endMs <= startMs) {
    throw new HearthError('unprocessable', `until is ${rule.until}: that is not after at`, {
      field: 'until',
    });
  }
  if (endMs !== undefined && endMs - startMs > longestWindowMs) {
    throw new HearthError('unprocessable', `until is ${rule.until}: over 7 days after at`, {
      field: 'until',
      hint: 'A window is 7 days long at most.',
    });
  }
  const span: Span = { startMs, endMs };
  return {
    last: (atMs) => (startMs <= atMs ? span : undefined),
    next: (afterMs) => (startMs > afterMs ? span : undefined),
  };
}

const momentPattern =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?(Z|z|[+-]\d{2}:?\d{2})?$/;

/** A moment on the home's wall, or anywhere when the text says the zone. */
function readMoment(text: string, field: 'at' | 'until', place: Place): number {
  const [, date = '', time = '', zone] = momentPattern.exec(text) ?? [];
  const wallMs = Date.parse(`${date}T${time}Z`);
  // Date.parse takes the 30th of February for the 2nd of March.
  const isReal = !Number.isNaN(wallMs) && new Date(wallMs).toISOString().startsWith(date);
  const offset = zone === undefined || /^z$/i.test(zone) ? 0 : offsetMs(zone);
  const year = isReal ? new Date(wallMs).getUTCFullYear() : 0;
  if (!isReal || year < 1970 || year > 2199 || Number.isNaN(offset)) {
    throw new HearthError('unprocessable', `${field} is not a time: "${text.slice(0, 40)}"`, {
      field,
      hint: 'Write 2026-03-29T18:00 for the time at home, or 2026-03-29T18:00:00Z.',
    });
  }
  return zone === undefined ? place.clock.instantOf(wallMs) : wallMs - offset;
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  if (Number(hours) > 14 || Number(minutes) > 59) return Number.NaN;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
