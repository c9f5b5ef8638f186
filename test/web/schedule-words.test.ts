import { describe, expect, it } from 'vitest';
import { sayRule } from '../../src/schedules/words.ts';
import type { DayName, Schedule, ScheduleRun, Why } from '../../web/src/control-wire.ts';
import {
  daysWords,
  doesWords,
  lastWords,
  nextWords,
  ownName,
  whenWords,
} from '../../web/src/schedule-words.ts';
import { nextStepWords, whyWords } from '../../web/src/why-words.ts';
import { typeOf } from './types.ts';

const purifier = typeOf('purifier');
const nowMs = new Date('2026-01-05T12:00:00').getTime();
const localIso = (text: string) => new Date(text).toISOString();

const schedule = (more: Partial<Schedule> = {}): Schedule => ({
  id: 's1',
  name: 'Bedroom air',
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
  ...more,
});

const once: Partial<Schedule> = { kind: 'once', at: '2026-12-24T18:00', until: null };
const cron: Partial<Schedule> = { kind: 'cron', cron: '30 7 * * 1-5', duration_minutes: null };

describe('days', () => {
  it.each<[DayName[], string]>([
    [['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], 'Every day'],
    [['fri', 'mon', 'tue', 'thu', 'wed'], 'Mon–Fri'],
    [['sat', 'sun'], 'Sat, Sun'],
    [['sun', 'mon', 'wed'], 'Mon, Wed, Sun'],
    [['tue'], 'Tue'],
  ])('%j', (days, words) => {
    expect(daysWords(days)).toBe(words);
  });
});

describe('when a schedule runs', () => {
  it.each<[Partial<Schedule>, string]>([
    [{}, 'Mon–Fri 09:00–17:00'],
    [{ start: '22:00', end: '06:00' }, 'Mon–Fri 22:00–06:00 the next day'],
    [{ start: 'sunset+00:30', end: '23:00' }, 'Mon–Fri from 30 min after sunset to 23:00'],
    [{ start: 'sunrise-01:05', end: 'sunset' }, 'Mon–Fri from 65 min before sunrise to sunset'],
    [once, 'Once, 24 Dec 2026 18:00'],
    [{ ...once, until: '2026-12-24T23:00' }, 'Once, 24 Dec 2026 18:00 to 23:00'],
    [{ ...once, until: '2026-12-25T01:00' }, 'Once, 24 Dec 2026 18:00 to 25 Dec 2026 01:00'],
    [cron, 'At every “30 7 * * 1-5”'],
    [{ ...cron, duration_minutes: 20 }, 'At every “30 7 * * 1-5”, for 20 min'],
  ])('%j', (more, words) => {
    expect(whenWords(schedule(more))).toBe(words);
  });
});

describe('the name of a schedule', () => {
  it('is the one that someone gave it', () => {
    expect(ownName(schedule())).toBe('Bedroom air');
  });

  it.each<[Partial<Schedule>, string]>([
    [
      {},
      sayRule({
        kind: 'weekly',
        days: ['mon', 'tue', 'wed', 'thu', 'fri'],
        start: '09:00',
        end: '17:00',
      }),
    ],
    [
      { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: 'sunset' },
      sayRule({
        kind: 'weekly',
        days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
        start: 'sunset',
        end: '17:00',
      }),
    ],
    [once, sayRule({ kind: 'once', at: '2026-12-24T18:00' })],
    [
      { ...once, until: '2026-12-24T23:00' },
      sayRule({ kind: 'once', at: '2026-12-24T18:00', until: '2026-12-24T23:00' }),
    ],
    [cron, sayRule({ kind: 'cron', cron: '30 7 * * 1-5' })],
    [
      { ...cron, duration_minutes: 20 },
      sayRule({ kind: 'cron', cron: '30 7 * * 1-5', durationMinutes: 20 }),
    ],
  ])('is none when the hub calls it by its times: %j', (more, name) => {
    expect(ownName(schedule({ ...more, name }))).toBe('');
  });
});

describe('what a schedule does', () => {
  it.each<[Partial<Schedule>, string]>([
    [{}, 'fan speed 3, then off'],
    [{ end_action: null }, 'fan speed 3, then left as it is'],
    [{ end_action: { action: 'setFanSpeed', value: 1 } }, 'fan speed 3, then fan speed 1'],
    [{ ...once, end_action: null }, 'fan speed 3'],
    [{ ...once, until: '2026-12-24T23:00' }, 'fan speed 3, then off'],
  ])('%j', (more, words) => {
    expect(doesWords(schedule(more), purifier)).toBe(words);
  });
});

describe('what is to come', () => {
  const next = (at: string): Partial<Schedule> => ({
    next_runs: [{ at: localIso(at), edge: 'end', action: 'turnOff', value: null }],
  });
  it.each<[Partial<Schedule>, RegExp]>([
    [next('2026-01-05T17:00'), /^Next: 0?5:00.*pm, off\.$|^Next: 17:00, off\.$/i],
    [next('2026-01-06T09:00'), /^Next: tomorrow .*9:00.*, off\.$/],
    [{ enabled: false }, /^Switched off\.$/],
    [{}, /^Nothing to come any more\.$/],
    [{ problem: 'where the home is, is not set' }, /^Where the home is, is not set\.$/],
  ])('%j', (more, words) => {
    expect(nextWords(schedule(more), purifier, nowMs)).toMatch(words);
  });
});

describe('how it went last', () => {
  const run = (more: Partial<ScheduleRun>): ScheduleRun => ({
    at: localIso('2026-01-05T09:00'),
    edge: 'start',
    outcome: 'done',
    count: 1,
    devices: [],
    ...more,
  });
  const one = (outcome: ScheduleRun['devices'][number]['outcome'], error?: string) => ({
    devices: [{ device_id: 'purifier', outcome, ...(error !== undefined && { error }) }],
  });
  it.each<[Partial<ScheduleRun>, RegExp]>([
    [one('sent'), /, done\.$/],
    [one('already'), /, it was so already\.$/],
    [one('overridden'), /, something else had precedence\.$/],
    [one('failed', 'the device is disabled'), /, failed\. The device is disabled\.$/],
    [{ outcome: 'missed', count: 4 }, /, missed 4 times while the hub was off\.$/],
    [{}, /, there was no device\.$/],
  ])('%j', (more, words) => {
    expect(lastWords(run(more), nowMs)).toMatch(words);
  });
});

describe('why a device is as it should be', () => {
  const why = (more: Partial<Why>): Why => ({
    device_id: 'purifier',
    holds: { action: 'setFanSpeed', value: 3 },
    because: { kind: 'schedule', name: 'Bedroom air' },
    since: localIso('2026-01-05T09:00'),
    until: null,
    next: null,
    reported: {},
    agrees: 'agrees',
    ...more,
  });
  it.each<[Partial<Why>, RegExp]>([
    [{}, /^It should be fan speed 3, because the schedule “Bedroom air” began \(.*9:00.*\)\.$/],
    [{ agrees: 'differs' }, / It does not report that yet\.$/],
    [
      { because: { kind: 'manual', name: null }, holds: { action: 'turnOff', value: null } },
      /^It should be off, because it was set by hand \(/,
    ],
    [
      {
        because: { kind: 'restore', name: null },
        holds: { state: { powerOn: true, fanSpeed: 2 } },
      },
      /^It should be on, fan speed 2, because it went back to how it was \(/,
    ],
    [
      { because: { kind: 'schedule_end', name: 'Bedroom air' }, holds: null },
      /^It is left as it is, because the schedule “Bedroom air” ended \(/,
    ],
    [
      { because: { kind: 'nothing', name: null }, holds: null, since: null },
      /^Nothing tells it what to be right now/,
    ],
  ])('%j', (more, words) => {
    expect(whyWords(why(more), purifier, nowMs)).toMatch(words);
  });

  it.each<[Partial<Why>, RegExp | undefined]>([
    [{}, undefined],
    [
      { next: { at: '2026-01-05T18:00:00Z', text: 'Evening begins at 18:00' } },
      /^Evening begins at 18:00\.$/,
    ],
    [
      {
        because: { kind: 'override', name: null },
        until: '2026-01-05T18:00:00Z',
        next: { at: '2026-01-05T18:00:00Z', text: 'The override ends at 18:00' },
      },
      /^“For a while” ends at \d/,
    ],
  ])('and what is next: %j', (more, words) => {
    const said = nextStepWords(why(more));
    if (words === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(words);
  });

  it('says what a reader was told to do, of which nothing can be seen', () => {
    const beep = why({ holds: { action: 'beep', value: null } });
    expect(whyWords(beep, typeOf('reader'), nowMs)).toMatch(/^It was told to beep, because /);
  });
});
