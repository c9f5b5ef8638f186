import { HearthError } from '#kernel';
import { minutesOf } from './command.ts';
import type { Flags } from './flag-words.ts';
import { closest } from './meant.ts';
import { actionOf, readValue } from './value.ts';

export interface ScheduleOptions {
  readonly name?: string;
  readonly days?: string;
  readonly start?: string;
  readonly end?: string;
  readonly at?: string;
  readonly cron?: string;
  readonly for?: string;
  readonly action: string;
  readonly value?: string;
  readonly endAction?: string;
  readonly endValue?: string;
}

/** What `--end-action` says so that the device is left as it then is. */
const nothing = 'none';

const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const names = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const sets: Readonly<Record<string, readonly string[]>> = {
  weekdays: week.slice(0, 5),
  weekend: week.slice(5),
  weekends: week.slice(5),
  daily: week,
};

/**
 * What the hub is asked for: a weekly window, one moment, or a cron expression.
 * @throws HearthError `bad_request` naming the option at fault.
 */
export function scheduleBody(options: ScheduleOptions): Record<string, unknown> {
  const { name, action, value, endAction, endValue } = options;
  if (endValue !== undefined && endAction === undefined) {
    throw wrong('--end-value', 'needs --end-action');
  }
  if (endValue !== undefined && endAction === nothing) {
    throw wrong('--end-value', `says nothing with --end-action ${nothing}`);
  }
  if (endAction !== undefined && options.days === undefined && options.for === undefined) {
    throw wrong('--end-action', 'needs --for: without it nothing ends');
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...whenOf(options),
    ...actionOf(action, value),
    ...(endAction === undefined ? {} : { end_action: endOf(endAction, endValue) }),
  };
}

/** Which option each field of the body comes from. */
export const scheduleFlags = ({ for: lasting }: ScheduleOptions): Flags => {
  const duration = { flag: '--for', ...(lasting !== undefined && { typed: lasting }) };
  return {
    group_id: { flag: 'target' },
    name: { flag: '--name' },
    days: { flag: '--days' },
    start: { flag: '--start' },
    end: { flag: '--end' },
    at: { flag: '--at' },
    until: duration,
    cron: { flag: '--cron' },
    duration_minutes: duration,
    action: { flag: '--action' },
    value: { flag: '--value' },
    end_action: { flag: '--end-action' },
    'end_action.action': { flag: '--end-action' },
    'end_action.value': { flag: '--end-value' },
  };
};

const endOf = (action: string, value: string | undefined): object | null => {
  if (action === nothing) return null;
  return value === undefined ? { action } : { action, value: readValue(value) };
};

function whenOf(options: ScheduleOptions): Record<string, unknown> {
  const { days, start, end, at, cron } = options;
  const kinds = [days, at, cron].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) {
    throw new HearthError('bad_request', 'schedule add takes one of --days, --at and --cron', {
      hint: 'hearth schedule add --help has examples of each.',
    });
  }
  const minutes = options.for === undefined ? undefined : minutesOf(options.for, '--for');
  if (days !== undefined) {
    if (start === undefined) throw wrong('--start', 'is missing: when the window begins, as 09:00');
    if (options.for !== undefined) throw wrong('--for', 'is for --at and --cron; say --end');
    if (end === undefined) throw wrong('--end', 'is missing: when the window ends, as 17:00');
    return { days: daysOf(days), start, end };
  }
  if (start !== undefined) throw wrong('--start', 'is for --days');
  if (end !== undefined) throw wrong('--end', 'is for --days; say --for');
  if (at === undefined) {
    return { cron, ...(minutes === undefined ? {} : { duration_minutes: minutes }) };
  }
  return { at, ...(minutes === undefined ? {} : { until: later(at, minutes) }) };
}

/** So much after `at`, written as `at` is: a wall time stays one, and is counted on the wall. */
function later(at: string, minutes: number): string {
  const time = at.replace(' ', 'T');
  const hasZone = /T.*(?:[zZ]|[+-]\d{2}:?\d{2})$/.test(time);
  const timeMs = Date.parse(hasZone || !time.includes('T') ? time : `${time}Z`);
  if (Number.isNaN(timeMs)) throw wrong('--at', `is not a time: "${at.slice(0, 40)}"`);
  const until = new Date(timeMs + minutes * 60_000).toISOString();
  return hasZone ? until : until.slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
}

/** `mon,tue`, `mon-fri`, `weekdays`, `weekend`, `daily`: days in the order of the week, each once. */
export function daysOf(text: string): string[] {
  const wanted = new Set(
    text
      .toLowerCase()
      .split(',')
      .flatMap((word) => dayRange(word.trim())),
  );
  return week.filter((day) => wanted.has(day));
}

function dayRange(word: string): readonly string[] {
  if (Object.hasOwn(sets, word)) return sets[word] ?? [];
  const [first = '', last = first, ...more] = word.split('-');
  if (more.length > 0) throw noDay(word);
  const from = indexOfDay(first);
  const length = (indexOfDay(last) - from + week.length) % week.length;
  return Array.from({ length: length + 1 }, (_, step) => week[(from + step) % week.length] ?? '');
}

/** Takes `mon` and `monday`. */
function indexOfDay(word: string): number {
  const index = week.findIndex((day, index) => word === day || word === names[index]);
  if (index >= 0) return index;
  throw noDay(word);
}

function noDay(word: string): HearthError {
  const close = closest(word, [...week, ...names, ...Object.keys(sets)]);
  return new HearthError('bad_request', `--days has "${word.slice(0, 20)}", which is no day`, {
    field: '--days',
    hint: close ? `Did you mean ${close}?` : 'Write mon,tue or mon-fri, weekdays, weekends, daily.',
  });
}

const wrong = (option: string, problem: string): HearthError =>
  new HearthError('bad_request', `${option} ${problem}`, {
    field: option,
    hint: 'hearth schedule add --help has examples.',
  });
