/** What someone asks of a schedule, read: which kind it is, when it speaks and what it says. */

import type { Action, ActionValue } from '#devices';
import { HearthError } from '#kernel';
import type { ScheduleRecord } from './record.ts';
import type { ScheduleInput } from './schema.ts';
import { type DayName, dayNames, type Rule } from './time/rule.ts';

const fieldsOf = {
  weekly: ['days', 'day', 'start', 'end'],
  once: ['at', 'until'],
  cron: ['cron', 'duration_minutes'],
} as const satisfies Record<Rule['kind'], readonly (keyof ScheduleInput)[]>;

/**
 * Reads when a schedule speaks. With `before` only what is given changes, as long as it stays of the
 * same kind. Which kind it is follows from which fields are given.
 * @throws HearthError `unprocessable` naming the fields that do not go together, or the one missing.
 */
export function readRule(input: ScheduleInput, before?: Rule): Rule {
  const kinds = Object.keys(fieldsOf) as Rule['kind'][];
  const given = kinds.flatMap((kind) => {
    const fields = fieldsOf[kind].filter(
      (name) => input[name] !== undefined && input[name] !== null,
    );
    return fields.length > 0 ? [{ kind, field: fields[0] as string }] : [];
  });
  const [first, second] = given;
  if (first && second) {
    throw new HearthError(
      'unprocessable',
      `${first.field} and ${second.field} do not go together`,
      {
        field: second.field,
        hint: 'Give days, start and end; or at and until; or cron and duration_minutes.',
      },
    );
  }
  const kind = first?.kind ?? before?.kind;
  if (kind === undefined) throw missing('start', 'it does not say when');
  switch (kind) {
    case 'weekly':
      return readWeekly(input, before?.kind === 'weekly' ? before : undefined);
    case 'once': {
      const old = before?.kind === 'once' ? before : undefined;
      const at = input.at?.trim() ?? old?.at;
      const until = input.until === undefined ? old?.until : (input.until?.trim() ?? undefined);
      if (at === undefined) throw missing('at', 'there is an until and no at');
      return { kind, at, ...(until !== undefined && { until }) };
    }
    case 'cron': {
      const old = before?.kind === 'cron' ? before : undefined;
      const cron = input.cron?.trim().split(/\s+/).join(' ') ?? old?.cron;
      const minutes =
        input.duration_minutes === undefined ? old?.durationMinutes : input.duration_minutes;
      if (cron === undefined) throw missing('cron', 'there is a duration_minutes and no cron');
      return { kind, cron, ...(typeof minutes === 'number' && { durationMinutes: minutes }) };
    }
  }
}

/** @throws HearthError `unprocessable` when the kind that is given is not the one of the other fields. */
export function checkKind({ kind }: ScheduleInput, rule: Rule): void {
  if (kind === undefined || kind === rule.kind) return;
  throw new HearthError('unprocessable', `kind is ${kind}: the other fields are of ${rule.kind}`, {
    field: 'kind',
    hint: 'Leave it out: it follows from the other fields.',
  });
}

function readWeekly(
  input: ScheduleInput,
  before: Extract<Rule, { kind: 'weekly' }> | undefined,
): Rule {
  if (input.days !== undefined && input.day !== undefined) {
    throw new HearthError('unprocessable', 'day and days do not go together', { field: 'day' });
  }
  const start = input.start === undefined ? before?.start : timeOfDay(input.start);
  const end = input.end === undefined ? before?.end : timeOfDay(input.end);
  if (start === undefined) throw missing('start', 'there is no start');
  if (end === undefined) throw missing('end', 'there is no end');
  const days =
    input.days !== undefined
      ? readDays(input.days, 'days')
      : input.day !== undefined
        ? readDays([input.day], 'day')
        : (before?.days ?? allDays);
  return { kind: 'weekly', days, start, end };
}

/** `7:30` is `07:30`, and `Sunset +1:00` is `sunset+01:00`; whether it is a time is seen later. */
const timeOfDay = (text: string): string =>
  text
    .replace(/\s+/g, '')
    .toLowerCase()
    .replace(/^(\d):/, '0$1:')
    .replace(/([+-])(\d):/, '$10$2:');

const missing = (field: string, what: string): HearthError =>
  new HearthError('unprocessable', `${field} is missing: ${what}`, {
    field,
    hint: 'Give start and end (and days); or at; or cron.',
  });

/** As a week is read, Monday first. */
const weekdays: readonly DayName[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
const weekends: readonly DayName[] = ['sat', 'sun'];
export const allDays: readonly DayName[] = [...weekdays, ...weekends];
const manyDays: Readonly<Record<string, readonly DayName[]>> = {
  daily: allDays,
  weekdays,
  weekend: weekends,
  weekends,
};
const longNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function readDays(given: string | readonly string[], field: 'days' | 'day'): readonly DayName[] {
  const words = typeof given === 'string' ? given.split(',') : given;
  const found = new Set(words.flatMap((word) => daysOf(word.trim().toLowerCase(), field)));
  return allDays.filter((day) => found.has(day));
}

function daysOf(word: string, field: 'days' | 'day'): readonly DayName[] {
  const many = field === 'days' && Object.hasOwn(manyDays, word) ? manyDays[word] : undefined;
  if (many) return many;
  const [from, to, ...more] = word.split('-').map(dayOf);
  if (from && to === undefined && !word.includes('-')) return [from];
  if (field === 'days' && from && to && more.length === 0) return daysFromTo(from, to);
  throw new HearthError('unprocessable', `${field} is "${word.slice(0, 20)}": that is no day`, {
    field,
    hint:
      field === 'day'
        ? 'Write mon or monday.'
        : 'Write mon or monday; mon-fri; daily, weekdays, weekends.',
  });
}

const dayOf = (word: string): DayName | undefined =>
  dayNames.find((name, index) => word.trim() === name || word.trim() === longNames[index]);

/** Both are in it; a row may go over Sunday. */
function daysFromTo(from: DayName, to: DayName): readonly DayName[] {
  const [first, last] = [allDays.indexOf(from), allDays.indexOf(to)];
  if (first <= last) return allDays.slice(first, last + 1);
  return [...allDays.slice(first), ...allDays.slice(0, last + 1)];
}

/**
 * Reads what a schedule says; `fanSpeed` stands for `setFanSpeed`.
 * @throws HearthError `unprocessable` naming what does not go together or is missing.
 */
export function readAction(
  { action, value, fanSpeed }: ScheduleInput,
  before?: Pick<ScheduleRecord, 'action' | 'value'>,
): { readonly action: string; readonly value: ActionValue } {
  if (fanSpeed !== undefined) {
    const other =
      value !== undefined
        ? 'value'
        : action !== undefined && action !== 'setFanSpeed'
          ? 'action'
          : undefined;
    if (other) {
      throw new HearthError('unprocessable', `fanSpeed and ${other} do not go together`, {
        field: 'fanSpeed',
      });
    }
    return { action: 'setFanSpeed', value: fanSpeed };
  }
  if (action !== undefined) {
    const kept = action === before?.action ? before.value : null;
    return { action, value: readValue(value ?? kept, 'value') };
  }
  if (before === undefined) {
    throw new HearthError('unprocessable', 'action is missing: it does not say what to do', {
      field: 'action',
      hint: 'Give an action such as turnOn, or a fanSpeed.',
    });
  }
  return value === undefined ? before : { action: before.action, value: readValue(value, 'value') };
}

/** Reads what the end of a window does. @throws HearthError `unprocessable` when nothing ends. */
export function readEndAction(
  { end_action }: ScheduleInput,
  rule: Rule,
  before: ScheduleRecord['endAction'] = 'default',
): ScheduleRecord['endAction'] {
  if (end_action === undefined) return before;
  if (end_action === null || end_action === 'default') return end_action;
  if (!hasWindows(rule)) {
    throw new HearthError('unprocessable', `end_action is "${end_action.action}": nothing ends`, {
      field: 'end_action',
      hint: 'Give an until or duration_minutes, or leave it out.',
    });
  }
  const action: Action = { action: end_action.action };
  const value = readValue(end_action.value ?? null, 'end_action.value');
  return value === null ? action : { ...action, value };
}

export function hasWindows(rule: Rule): boolean {
  switch (rule.kind) {
    case 'weekly':
      return true;
    case 'once':
      return rule.until !== undefined;
    case 'cron':
      return rule.durationMinutes !== undefined;
  }
}

const mostValueBytes = 4096;

function readValue(value: ActionValue, field: string): ActionValue {
  if (Buffer.byteLength(JSON.stringify(value)) <= mostValueBytes) return value;
  throw new HearthError('unprocessable', `${field} is longer than 4 KiB`, { field });
}
