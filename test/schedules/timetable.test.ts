import { describe, expect, it } from 'vitest';
import { Place } from '../../src/schedules/time/place.ts';
import { dayNames, type Rule } from '../../src/schedules/time/rule.ts';
import { nextEdges, occurrences, timetableOf } from '../../src/schedules/time/timetable.ts';

const berlin = new Place({ timeZone: 'Europe/Berlin', latitude: 52.52, longitude: 13.405 });
const tromso = new Place({ timeZone: 'Europe/Oslo', latitude: 69.65, longitude: 18.96 });
const nowhere = new Place({ timeZone: 'Europe/Berlin' });

const daily = (start: string, end: string): Rule => ({
  kind: 'weekly',
  days: dayNames,
  start,
  end,
});
const cron = (expression: string, durationMinutes?: number): Rule => ({
  kind: 'cron',
  cron: expression,
  ...(durationMinutes !== undefined && { durationMinutes }),
});

/** The edges between two instants, as `edge UTC`. */
const edges = (rule: Rule, from: string, until: string, place = berlin): string[] =>
  occurrences(timetableOf(rule, place), Date.parse(from), Date.parse(until)).map(
    ({ atMs, edge }) => `${edge} ${new Date(atMs).toISOString().slice(0, 16)}Z`,
  );

describe('edges', () => {
  it.each<[string, Rule, string, string, string[]]>([
    [
      'a window over midnight',
      { kind: 'weekly', days: ['mon'], start: '22:00', end: '06:00' },
      '2026-03-02T00:00Z',
      '2026-03-09T00:00Z',
      ['start 2026-03-02T21:00Z', 'end 2026-03-03T05:00Z'],
    ],
    [
      'one whose both ends are left out by the clock: both at the change',
      daily('02:15', '02:45'),
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      ['start 2026-03-29T01:00Z', 'end 2026-03-29T01:00Z'],
    ],
    [
      'one in the repeated hour: the first time',
      daily('02:15', '02:45'),
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['start 2026-10-25T00:15Z', 'end 2026-10-25T00:45Z'],
    ],
    [
      'the end of a window of before, and not the end of the stretch',
      daily('18:00', '23:00'),
      '2026-03-02T22:00Z',
      '2026-03-03T22:00Z',
      ['end 2026-03-02T22:00Z', 'start 2026-03-03T17:00Z'],
    ],
    [
      'once, in local time that is left out',
      { kind: 'once', at: '2026-03-29T02:30' },
      '2026-03-29T00:00Z',
      '2026-03-30T00:00Z',
      ['once 2026-03-29T01:00Z'],
    ],
    [
      'once, with a zone, and an end',
      { kind: 'once', at: '2026-03-29T02:30:00+05:30', until: '2026-03-29 02:30' },
      '2026-03-28T00:00Z',
      '2026-03-30T00:00Z',
      ['start 2026-03-28T21:00Z', 'end 2026-03-29T01:00Z'],
    ],
    [
      'cron through a spring night: what is left out is one moment',
      cron('*/15 1-3 * * *'),
      '2026-03-29T00:30Z',
      '2026-03-29T01:31Z',
      [
        'once 2026-03-29T00:30Z',
        'once 2026-03-29T00:45Z',
        'once 2026-03-29T01:00Z',
        'once 2026-03-29T01:15Z',
        'once 2026-03-29T01:30Z',
      ],
    ],
    [
      'cron through an autumn night: the repeated hour is silent',
      cron('30 * * * *'),
      '2026-10-24T23:00Z',
      '2026-10-25T03:00Z',
      ['once 2026-10-24T23:30Z', 'once 2026-10-25T00:30Z', 'once 2026-10-25T02:30Z'],
    ],
    [
      'cron windows end when the next begins',
      cron('0,30 12 * * 1', 45),
      '2026-03-02T00:00Z',
      '2026-03-03T00:00Z',
      [
        'start 2026-03-02T11:00Z',
        'end 2026-03-02T11:30Z',
        'start 2026-03-02T11:30Z',
        'end 2026-03-02T12:15Z',
      ],
    ],
    [
      'a full day by cron on the short day ends with it',
      cron('0 0 * * *', 1440),
      '2026-03-28T22:59Z',
      '2026-03-29T22:30Z',
      [
        'end 2026-03-28T23:00Z',
        'start 2026-03-28T23:00Z',
        'end 2026-03-29T22:00Z',
        'start 2026-03-29T22:00Z',
      ],
    ],
    [
      'the 29th of February',
      cron('0 12 29 2 *'),
      '2026-01-01T00:00Z',
      '2030-01-01T00:00Z',
      ['once 2028-02-29T11:00Z'],
    ],
  ])('%s', (_name, rule, from, until, expected) => {
    expect(edges(rule, from, until)).toEqual(expected);
  });

  it('the newest span is found backwards as it is forwards', () => {
    for (const rule of [daily('22:00', '06:00'), cron('*/20 * * * *'), cron('30 1,2 * * *', 90)]) {
      const timetable = timetableOf(rule, berlin);
      for (const change of ['2026-03-28T22:00Z', '2026-10-24T22:00Z']) {
        const fromMs = Date.parse(change);
        let expected = timetable.last(fromMs);
        for (let atMs = fromMs; atMs < fromMs + 6 * 3_600_000; atMs += 5 * 60_000) {
          const next = expected && timetable.next(expected.startMs);
          if (next && next.startMs <= atMs) expected = next;
          expect(timetable.last(atMs)).toEqual(expected);
        }
      }
    }
  });
});

describe('by the sun', () => {
  // The almanac for Berlin: 2026-03-20 sunrise 06:10, sunset 18:18; 2026-06-21 04:43 and 21:33 (local).
  it.each([
    ['2026-03-20', '05:10', '17:18'],
    ['2026-06-21', '02:43', '19:33'],
    ['2026-12-21', '07:15', '14:54'],
  ])('on %s it is within two minutes of the almanac', (date, sunrise, sunset) => {
    const timetable = timetableOf(daily('sunrise', 'sunset'), berlin);
    const [start, end] = occurrences(
      timetable,
      Date.parse(`${date}T00:00Z`),
      Date.parse(`${date}T22:00Z`),
    );
    const offBy = (atMs = 0, time: string) => Math.abs(atMs - Date.parse(`${date}T${time}Z`));
    expect(offBy(start?.atMs, sunrise)).toBeLessThanOrEqual(120_000);
    expect(offBy(end?.atMs, sunset)).toBeLessThanOrEqual(120_000);
  });

  it('an offset moves it, and over midnight it is the sun of the next day', () => {
    const plain = timetableOf(daily('sunset', 'sunrise'), berlin);
    const moved = timetableOf(daily('sunset+00:30', 'sunrise-01:00'), berlin);
    const fromMs = Date.parse('2026-06-20T12:00Z');
    const [start, end] = nextEdges(plain, fromMs, 2);
    const [movedStart, movedEnd] = nextEdges(moved, fromMs, 2);
    expect((movedStart?.atMs ?? 0) - (start?.atMs ?? 0)).toBe(30 * 60_000);
    expect((end?.atMs ?? 0) - (movedEnd?.atMs ?? 0)).toBe(60 * 60_000);
    expect(new Date(end?.atMs ?? 0).toISOString()).toMatch(/^2026-06-21T02:4/);
  });

  it('a lamp until 22:00 is not lit on days on which the sun sets later', () => {
    const lamp = timetableOf(daily('sunset', '21:30'), berlin);
    const onDay = (date: string) =>
      occurrences(lamp, Date.parse(`${date}T10:00Z`), Date.parse(`${date}T23:00Z`)).length;
    expect([onDay('2026-03-20'), onDay('2026-06-21')]).toEqual([2, 0]);
  });

  it('there is no edge on days without sunrise', () => {
    const timetable = timetableOf(daily('sunrise', 'sunset'), tromso);
    const count = (from: string, until: string) =>
      occurrences(timetable, Date.parse(from), Date.parse(until)).length;
    expect(count('2026-12-05T00:00Z', '2027-01-05T00:00Z')).toBe(0);
    expect(count('2026-06-01T00:00Z', '2026-07-01T00:00Z')).toBe(0);
    expect(count('2026-03-01T00:00Z', '2026-03-08T00:00Z')).toBe(14);
    const [next] = nextEdges(timetable, Date.parse('2026-12-05T00:00Z'), 1);
    expect(new Date(next?.atMs ?? 0).toISOString()).toMatch(/^2027-01-1/);
  });
});

describe('what cannot be', () => {
  it.each<[string, Rule, Place, string, string]>([
    ['end as start', daily('08:00', '08:00'), berlin, 'end', '08:00'],
    ['no time of day', daily('8 pm', '08:00'), berlin, 'start', '8 pm'],
    ['24:00', daily('08:00', '24:00'), berlin, 'end', '24:00'],
    ['too far from the sun', daily('sunset+06:01', '08:00'), berlin, 'start', 'sunset+06:01'],
    ['seconds in cron', cron('0 30 7 * * *'), berlin, 'cron', '6 fields'],
    ['a nickname', cron('@daily'), berlin, 'cron', '@daily'],
    ['minute 61', cron('61 * * * *'), berlin, 'cron', '61'],
    ['the 31st of February', cron('0 0 31 2 *'), berlin, 'cron', 'no such day'],
    ['a week and a minute', cron('0 0 * * *', 10_081), berlin, 'duration_minutes', '10081'],
    ['half a minute', cron('0 0 * * *', 0.5), berlin, 'duration_minutes', '0.5'],
    ['the 30th of February', { kind: 'once', at: '2026-02-30T10:00' }, berlin, 'at', '2026-02-30'],
    ['no time at all', { kind: 'once', at: 'tomorrow' }, berlin, 'at', 'tomorrow'],
    ['an offset of a day', { kind: 'once', at: '2026-02-20T10:00+24:00' }, berlin, 'at', '+24:00'],
    [
      'an end before',
      { kind: 'once', at: '2026-02-20T10:00', until: '2026-02-20T09:00' },
      berlin,
      'until',
      '09:00',
    ],
    [
      'an end in a fortnight',
      { kind: 'once', at: '2026-02-20T10:00', until: '2026-03-06T10:00' },
      berlin,
      'until',
      '2026-03-06',
    ],
  ])('%s is refused by field and value', (_name, rule, place, field, value) => {
    expect(() => timetableOf(rule, place)).toThrow(
      expect.objectContaining({
        code: 'unprocessable',
        field,
        message: expect.stringContaining(value) as string,
      }),
    );
  });

  it('the sun is refused when nobody said where the home is, naming the settings', () => {
    expect(() => timetableOf(daily('sunset', '23:00'), nowhere)).toThrow(
      expect.objectContaining({
        field: 'start',
        hint: expect.stringMatching(/home\.latitude.*home\.longitude/) as string,
      }),
    );
  });
});

it('the next edge of a weekly schedule is far below a millisecond away', () => {
  const timetable = timetableOf(daily('18:00', '23:00'), berlin);
  const nowMs = Date.parse('2026-03-02T12:00Z');
  nextEdges(timetable, nowMs, 1);
  const startMs = performance.now();
  for (let i = 0; i < 10_000; i++) nextEdges(timetable, nowMs + i * 1000, 1);
  expect((performance.now() - startMs) / 10_000).toBeLessThan(0.2);
});

it.each([undefined, 90])('a cron expression remembers nothing wrong (windows of %s)', (minutes) => {
  const fresh = () => timetableOf(cron('17 3,15 */2 * 1-5', minutes), berlin);
  const used = fresh();
  let atMs = Date.parse('2026-03-27T12:00Z');
  let seed = 1;
  for (let i = 0; i < 400; i++) {
    seed = (seed * 48_271) % 2_147_483_647;
    atMs += (seed % 36_000_000) - 12_000_000;
    expect(used.next(atMs)).toEqual(fresh().next(atMs));
    expect(used.last(atMs)).toEqual(fresh().last(atMs));
    const nextMs = used.next(atMs)?.startMs ?? 0;
    expect(used.last(nextMs)).toEqual(fresh().last(nextMs));
    expect(used.last(nextMs - 1)).toEqual(fresh().last(nextMs - 1));
  }
});

it('a cron expression that is slow to follow is followed once', () => {
  const timetable = timetableOf(cron('0 0 29 2 +1', 5), berlin);
  const nowMs = Date.parse('2026-03-02T12:00Z');
  nextEdges(timetable, nowMs, 5);
  timetable.last(nowMs);
  const startMs = performance.now();
  for (let i = 0; i < 1000; i++) {
    nextEdges(timetable, nowMs + i * 1000, 1);
    timetable.last(nowMs + i * 1000);
  }
  expect((performance.now() - startMs) / 1000).toBeLessThan(0.2);
});
