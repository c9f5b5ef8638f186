import { Cron } from 'croner';
import { HearthError, messageOf } from '#kernel';
import type { Place } from './place.ts';
import { type CronRule, longestWindowMs } from './rule.ts';
import { Starts } from './starts.ts';
import type { Span, Timetable } from './timetable.ts';

const minuteMs = 60_000;
/** From here on every day of the calendar comes, the 29th of February too. */
const anyDay = new Date(Date.UTC(2020, 0, 1));

/**
 * Moments by a cron expression. croner counts them on the wall, as on a calendar that knows no zone;
 * what instant each wall time is we say ourselves, so that all kinds of schedule go by one rule. Wall
 * times that a change of the clock leaves out are one moment: the change.
 */
export function cronTimetable(rule: CronRule, place: Place): Timetable {
  const cron = readExpression(rule.cron);
  const durationMs = readDuration(rule.durationMinutes);
  const { clock } = place;

  const startAfter = (afterMs: number): number | undefined => {
    let wall = cron.nextRun(new Date(clock.wallOf(afterMs)));
    while (wall !== null && clock.instantOf(wall.getTime()) <= afterMs) wall = cron.nextRun(wall);
    return wall === null ? undefined : clock.instantOf(wall.getTime());
  };
  const startUpTo = (atMs: number): number | undefined => {
    // croner leaves out the moment itself.
    let wall: Date | undefined = new Date(
      (Math.floor(clock.latestBy(atMs) / minuteMs) + 1) * minuteMs,
    );
    do wall = cron.previousRuns(1, wall)[0];
    while (wall !== undefined && clock.instantOf(wall.getTime()) > atMs);
    return wall === undefined ? undefined : clock.instantOf(wall.getTime());
  };
  // Some expressions take milliseconds to look through the years.
  const starts = new Starts({ after: startAfter, upTo: startUpTo });
  const spanAt = (startMs: number | undefined): Span | undefined => {
    if (startMs === undefined) return undefined;
    if (durationMs === undefined) return { startMs, endMs: undefined };
    // A window is over when the next one begins.
    const nextMs = starts.after(startMs) ?? Number.POSITIVE_INFINITY;
    return { startMs, endMs: Math.min(startMs + durationMs, nextMs) };
  };
  return {
    last: (atMs) => spanAt(starts.upTo(atMs)),
    next: (afterMs) => spanAt(starts.after(afterMs)),
  };
}

function readExpression(text: string): Cron {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) {
    throw refused(text, `it has ${fields.length} fields, not five`);
  }
  let cron: Cron;
  try {
    // The offset of no zone at all: with it croner need not ask Intl.
    cron = new Cron(fields.join(' '), { mode: '5-part', utcOffset: 0, paused: true });
  } catch (error) {
    throw refused(text, messageOf(error).replace(/^CronPattern: /, ''));
  }
  if (cron.nextRun(anyDay) === null) throw refused(text, 'there is no such day');
  return cron;
}

const refused = (text: string, reason: string): HearthError =>
  new HearthError('unprocessable', `cron is "${text.slice(0, 80)}": ${reason}`, {
    field: 'cron',
    hint: 'Write minute, hour, day of the month, month, day of the week: 30 7 * * 1-5.',
  });

function readDuration(minutes: number | undefined): number | undefined {
  if (minutes === undefined) return undefined;
  const mostMinutes = longestWindowMs / minuteMs;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > mostMinutes) {
    throw new HearthError('unprocessable', `duration_minutes is ${minutes}`, {
      field: 'duration_minutes',
      hint: `Give a whole number of minutes from 1 to ${mostMinutes} (7 days).`,
    });
  }
  return minutes * minuteMs;
}
