import { type ActionDraft, actionFrom, draftOf, noAction } from './action-draft.ts';
import type { DayName, Schedule, ScheduleInput, TypeDefinition } from './control-wire.ts';
import { ownName } from './schedule-words.ts';
import { onTheClock, readTimeOfDay, type TimeOfDay, writeTimeOfDay } from './time-of-day.ts';

/** A schedule as it stands in its form. */
export interface ScheduleDraft {
  readonly name: string;
  /** `device:ID` or `group:ID`; empty before one is chosen. */
  readonly target: string;
  readonly kind: Schedule['kind'];
  readonly days: readonly DayName[];
  readonly start: TimeOfDay;
  readonly end: TimeOfDay;
  /** As the input of a time at home spells it: `2026-12-24T18:00`. */
  readonly at: string;
  readonly until: string;
  readonly cron: string;
  readonly minutes: string;
  readonly begin: ActionDraft;
  readonly atEnd: 'off' | 'leave' | 'other';
  readonly endAction: ActionDraft;
}

export const emptyDraft: ScheduleDraft = {
  name: '',
  target: '',
  kind: 'weekly',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  start: onTheClock('09:00'),
  end: onTheClock('17:00'),
  at: '',
  until: '',
  cron: '',
  minutes: '',
  begin: noAction,
  atEnd: 'off',
  endAction: noAction,
};

/** Whether what it does ends by itself. */
export const hasEnd = ({ kind, until, minutes }: ScheduleDraft): boolean =>
  kind === 'weekly' || (kind === 'once' ? until !== '' : minutes !== '');

/** A schedule that is to be changed. */
export function draftFromSchedule(
  schedule: Schedule,
  definition: TypeDefinition | undefined,
): ScheduleDraft {
  const { device_id, group_id, kind, days, start, end, at, until, cron } = schedule;
  const { end_action: endAction, duration_minutes: minutes } = schedule;
  const turnsOff = endAction !== null && endAction.action === definition?.power?.off;
  return {
    name: ownName(schedule),
    target: device_id === null ? `group:${group_id}` : `device:${device_id}`,
    kind,
    days: days ?? emptyDraft.days,
    start: start === undefined ? emptyDraft.start : readTimeOfDay(start),
    end: end === undefined ? emptyDraft.end : readTimeOfDay(end),
    at: at ?? '',
    until: until ?? '',
    cron: cron ?? '',
    minutes: minutes === null || minutes === undefined ? '' : String(minutes),
    begin: draftOf(schedule),
    atEnd: endAction === null ? 'leave' : turnsOff ? 'off' : 'other',
    endAction: endAction === null ? noAction : draftOf(endAction),
  };
}

/** What is sent to the hub; it checks everything, and names the field that it does not like. */
export function inputFrom(
  draft: ScheduleDraft,
  definition: TypeDefinition | undefined,
): ScheduleInput {
  const name = draft.name.trim();
  const [, kind, id = ''] = /^(device|group):(.*)$/.exec(draft.target) ?? [];
  const { action, value } = actionFrom(draft.begin, definition);
  return {
    name: name === '' ? null : name,
    ...(kind === 'group' ? { device_id: null, group_id: id } : { device_id: id, group_id: null }),
    ...whenFrom(draft),
    action,
    value: value ?? null,
    ...(hasEnd(draft) && { end_action: endFrom(draft, definition) }),
  };
}

function whenFrom(draft: ScheduleDraft): ScheduleInput {
  const { kind, days, start, end, at, until, cron, minutes } = draft;
  switch (kind) {
    case 'weekly':
      return { days, start: writeTimeOfDay(start), end: writeTimeOfDay(end) };
    case 'once':
      return { at, until: until === '' ? null : until };
    case 'cron':
      return { cron, duration_minutes: minutes === '' ? null : Number(minutes) };
  }
}

function endFrom(draft: ScheduleDraft, definition: TypeDefinition | undefined) {
  if (draft.atEnd === 'leave') return null;
  return draft.atEnd === 'off' ? 'default' : actionFrom(draft.endAction, definition);
}
