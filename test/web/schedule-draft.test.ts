import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleInput } from '../../src/schedules/schema.ts';
import { actionFrom, draftFor } from '../../web/src/action-draft.ts';
import type { Schedule } from '../../web/src/control-wire.ts';
import {
  draftFromSchedule,
  emptyDraft,
  inputFrom,
  type ScheduleDraft,
} from '../../web/src/schedule-draft.ts';
import { readTimeOfDay, timeOfDayWords, writeTimeOfDay } from '../../web/src/time-of-day.ts';
import { stove, typeOf } from './types.ts';

const purifier = typeOf('purifier');

describe('a time of day', () => {
  it.each([
    ['18:00', '18:00'],
    ['sunset', 'sunset'],
    ['sunrise+00:30', '30 min after sunrise'],
    ['sunset-01:05', '65 min before sunset'],
  ])('%s is said as %s', (text, words) => {
    expect(timeOfDayWords(text)).toBe(words);
  });

  it('is written as it was read', () => {
    const beside = fc
      .tuple(
        fc.constantFrom('sunrise', 'sunset'),
        fc.constantFrom('+', '-'),
        fc.integer({ min: 1, max: 360 }),
      )
      .map(([sun, sign, minutes]) => {
        const two = (number: number) => String(number).padStart(2, '0');
        return `${sun}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
      });
    const any = fc.oneof(fc.constantFrom('00:00', '23:59', 'sunrise', 'sunset'), beside);
    fc.assert(
      fc.property(any, (text) => {
        expect(writeTimeOfDay(readTimeOfDay(text))).toBe(text);
      }),
    );
  });

  it('turns round when someone writes a minus', () => {
    const draft = { ...readTimeOfDay('sunset+00:10'), minutes: '-30' };
    expect(writeTimeOfDay(draft)).toBe('sunset-00:30');
  });
});

describe('an action in a form', () => {
  const actionNamed = (name: string) => stove.actions.find((action) => action.name === name);
  it.each<[string, string]>([
    ['light', ''],
    ['setMode', 'boost'],
    ['setTarget', '5'],
    ['childLock', 'true'],
  ])('%s begins with the value %j', (name, value) => {
    expect(draftFor(actionNamed(name))).toEqual({ action: name, value });
  });

  it.each<[string, string, unknown]>([
    ['setTarget', '21.5', 21.5],
    ['setTarget', 'warm', 'warm'],
    ['setTarget', ' ', ' '],
    ['setMode', 'eco', 'eco'],
    ['childLock', 'false', false],
    ['show', '12', '12'],
  ])('%s %j is sent as %j', (action, value, sent) => {
    expect(actionFrom({ action, value }, stove)).toEqual({ action, value: sent });
  });

  it('is sent without a value when it takes none', () => {
    expect(actionFrom({ action: 'beep', value: '5' }, stove)).toEqual({ action: 'beep' });
  });
});

const draft = (more: Partial<ScheduleDraft>): ScheduleDraft => ({
  ...emptyDraft,
  target: 'device:purifier',
  begin: { action: 'setFanSpeed', value: '3' },
  ...more,
});
const base = { name: null, device_id: 'purifier', group_id: null, action: 'setFanSpeed', value: 3 };
const weekly = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '09:00', end: '17:00' };

describe('what a form sends', () => {
  it.each<[string, Partial<ScheduleDraft>, object]>([
    ['a window of the week', {}, { ...weekly, end_action: 'default' }],
    [
      'a window that leaves the device as it is',
      { atEnd: 'leave', name: ' Air ' },
      { ...weekly, name: 'Air', end_action: null },
    ],
    [
      'a window that ends with something else',
      { atEnd: 'other', endAction: { action: 'setFanSpeed', value: '1' } },
      { ...weekly, end_action: { action: 'setFanSpeed', value: 1 } },
    ],
    [
      'one for a group',
      { target: 'group:lamps' },
      {
        ...weekly,
        device_id: null,
        group_id: 'lamps',
        end_action: 'default',
      },
    ],
    [
      'one moment',
      { kind: 'once', at: '2026-12-24T18:00' },
      { at: '2026-12-24T18:00', until: null },
    ],
    [
      'one window',
      { kind: 'once', at: '2026-12-24T18:00', until: '2026-12-24T20:00' },
      { at: '2026-12-24T18:00', until: '2026-12-24T20:00', end_action: 'default' },
    ],
    [
      'windows by cron',
      { kind: 'cron', cron: '30 7 * * *', minutes: '20', atEnd: 'leave' },
      { cron: '30 7 * * *', duration_minutes: 20, end_action: null },
    ],
  ])('for %s', (_, more, expected) => {
    const input = inputFrom(draft(more), purifier);
    expect(input).toEqual({ ...base, ...expected });
    expect(scheduleInput.safeParse(input).error).toBeUndefined();
  });
});

describe('a schedule that is changed', () => {
  const schedule: Schedule = {
    id: 's1',
    name: 'Mon–Fri 09:00–17:00',
    device_id: 'purifier',
    group_id: null,
    enabled: true,
    kind: 'weekly',
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    start: '09:00',
    end: '17:00',
    action: 'setFanSpeed',
    value: 3,
    end_action: { action: 'turnOff', value: null },
    next_runs: [],
    last_run: null,
  };

  it('is sent as it was when nothing is changed', () => {
    const unchanged = inputFrom(draftFromSchedule(schedule, purifier), purifier);
    expect(unchanged).toEqual({ ...base, ...weekly, end_action: 'default' });
  });

  it.each<[Schedule['end_action'], ScheduleDraft['atEnd']]>([
    [null, 'leave'],
    [{ action: 'turnOff', value: null }, 'off'],
    [{ action: 'setFanSpeed', value: 1 }, 'other'],
  ])('with the end action %j has %s chosen', (end_action, atEnd) => {
    expect(draftFromSchedule({ ...schedule, end_action }, purifier).atEnd).toBe(atEnd);
  });
});
