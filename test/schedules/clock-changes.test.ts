/** Over every change of the clock of 2024–2030: no edge twice, none skipped, each at its wall time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolve, type WeighedSchedule } from '../../src/schedules/resolve.ts';
import { Place } from '../../src/schedules/time/place.ts';
import { dayNames, type WeeklyRule } from '../../src/schedules/time/rule.ts';
import { occurrences, timetableOf } from '../../src/schedules/time/timetable.ts';
import type { ManualWord } from '../../src/schedules/types.ts';
import { Stage } from './stage.ts';
import {
  Calendar,
  type Change,
  changesOf,
  datesFrom,
  dayAfter,
  everyChange,
  shownAt,
  weekdayOf,
  zones,
} from './zones.ts';

const dayMs = 86_400_000;

const pad = (part: number): string => String(part).padStart(2, '0');
const timeOf = (minutes: number): string => `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;

/** Any minute of the day, more often one of those that a change leaves out or repeats. */
const time = fc
  .oneof(
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 24 * 60 - 1 }) },
    { weight: 3, arbitrary: fc.integer({ min: 50, max: 190 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 60, 90, 120, 150, 180) },
  )
  .map(timeOf);

const rule = fc
  .record({
    days: fc.subarray([...dayNames], { minLength: 1 }),
    start: time,
    end: time,
  })
  .filter(({ start, end }) => start !== end)
  .map((given): WeeklyRule => ({ kind: 'weekly', ...given }));

interface Expected {
  readonly atMs: number;
  readonly edge: 'start' | 'end';
  readonly windowStartMs: number;
  /** What the clock should show then. */
  readonly wall: string;
}

/** One start and one end for each scheduled day, looked up on the calendar. */
function expectedEdges(
  calendar: Calendar,
  zone: string,
  { days, start, end }: WeeklyRule,
): Expected[] {
  const first = shownAt(zone, calendar.fromMs + dayMs).slice(0, 10);
  const count = Math.round((calendar.untilMs - calendar.fromMs) / dayMs) - 3;
  return datesFrom(first, count)
    .filter((date) => days.includes(weekdayOf(date)))
    .flatMap((date): Expected[] => {
      const endDate = end < start ? dayAfter(date) : date;
      const startMs = calendar.instantOf(`${date} ${start}`);
      const endMs = calendar.instantOf(`${endDate} ${end}`);
      return [
        { atMs: startMs, edge: 'start', windowStartMs: startMs, wall: `${date} ${start}` },
        { atMs: endMs, edge: 'end', windowStartMs: startMs, wall: `${endDate} ${end}` },
      ];
    });
}

const around = ({ zone, changeMs }: Change): Calendar => {
  // From midnight UTC, so that the stretch is whole days whatever the zone.
  const startMs = Math.floor(changeMs / dayMs) * dayMs;
  return new Calendar(zone, startMs - 5 * dayMs, startMs + 6 * dayMs);
};

const named = everyChange.map((change) => ({
  ...change,
  name: `${change.zone} ${new Date(change.changeMs).toISOString()}`,
}));

interface Window {
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
}

const windowsOf = (edges: readonly Expected[], id: string): Window[] =>
  edges
    .filter(({ edge }) => edge === 'end')
    .map(({ atMs, windowStartMs }) => ({ id, startMs: windowStartMs, endMs: atMs }));

/**
 * What should hold, from the windows on the calendar alone; undefined when they do not reach back far
 * enough to say.
 */
function expectedWord(
  windows: readonly Window[],
  saidMs: number | undefined,
  nowMs: number,
  /** Until here a window may end that began before the calendar does. */
  knownFromMs: number,
): string | undefined {
  const past = windows
    .flatMap(({ startMs, endMs }) => [startMs, endMs])
    .filter((at) => at <= nowMs);
  if (past.length === 0 || Math.max(...past) < knownFromMs) return undefined;
  if (saidMs !== undefined && saidMs > Math.max(...past)) return 'by-hand';
  const last = (of: readonly Window[]): string | undefined =>
    [...of].sort((a, b) => a.startMs - b.startMs || a.id.localeCompare(b.id)).at(-1)?.id;
  const open = last(windows.filter(({ startMs, endMs }) => startMs <= nowMs && nowMs < endMs));
  if (open !== undefined) return `on-${open}`;
  const ends = windows.map(({ endMs }) => endMs).filter((endMs) => endMs <= nowMs);
  return `off-${last(windows.filter(({ endMs }) => endMs === Math.max(...ends)))}`;
}

const weighed = (id: string, weekly: WeeklyRule, place: Place): WeighedSchedule => ({
  id,
  enabled: true,
  createdAtMs: Number(id),
  effectiveFromMs: 0,
  timetable: timetableOf(weekly, place),
  word: { kind: 'action', action: `on-${id}` },
  endWord: { kind: 'action', action: `off-${id}` },
});

const manualWord = (atMs: number | undefined): ManualWord | undefined =>
  atMs === undefined
    ? undefined
    : { id: 'm', kind: 'manual', word: { kind: 'action', action: 'by-hand' }, atMs };

describe('over every change of the clock', () => {
  it('there are as many as the zones are known to have', () => {
    expect(zones.map((zone) => changesOf(zone).length)).toEqual([0, 14, 14, 14, 0]);
  });

  it.each(named)('$name: one start and one end a day, at their wall times', (change) => {
    const place = new Place({ timeZone: change.zone });
    const calendar = around(change);
    fc.assert(
      fc.property(rule, (weekly) => {
        const expected = expectedEdges(calendar, change.zone, weekly);
        const fromMs = Math.min(...expected.map(({ atMs }) => atMs));
        const untilMs = Math.max(...expected.map(({ atMs }) => atMs)) + 1;
        const found = occurrences(timetableOf(weekly, place), fromMs, untilMs);
        // An end of a window of before may be at the very start of the stretch.
        const ours = found.filter(({ windowStartMs }) => windowStartMs >= fromMs);
        if (expected.length === 0) return;
        const wanted = expected.map(({ atMs, edge, windowStartMs }) => ({
          atMs,
          edge,
          windowStartMs,
        }));
        expect(ours).toEqual(wanted);
        for (const { atMs, wall } of expected) {
          if (calendar.isShown(wall)) expect(shownAt(change.zone, atMs)).toBe(wall);
          else expect(atMs).toBe(change.changeMs);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each(named)('$name: what holds is what the wall says', (change) => {
    const place = new Place({ timeZone: change.zone });
    const calendar = around(change);
    const given = fc.record({
      rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
      /** Where in the stretch a word by hand was said, if one was. */
      manual: fc.option(fc.double({ min: 0.2, max: 0.8, noNaN: true })),
      moments: fc.array(fc.double({ min: 0.3, max: 0.7, noNaN: true }), { maxLength: 5 }),
    });
    const instant = (part: number) =>
      Math.floor(calendar.fromMs + part * (calendar.untilMs - calendar.fromMs));
    fc.assert(
      fc.property(given, ({ rules, manual, moments }) => {
        const schedules = rules.map((weekly, index) => weighed(`${index}`, weekly, place));
        const windows = rules.flatMap((weekly, index) =>
          windowsOf(expectedEdges(calendar, change.zone, weekly), `${index}`),
        );
        const saidMs = manual === null ? undefined : instant(manual);
        const edges = windows.flatMap(({ startMs, endMs }) => [startMs, endMs]);
        const near = edges.flatMap((atMs) => [atMs - 1, atMs, atMs + 1]);
        for (const nowMs of [...near, ...moments.map(instant)]) {
          // What began before the stretch is not on the calendar.
          if (Math.abs(nowMs - change.changeMs) > 2 * dayMs) continue;
          const before = saidMs !== undefined && saidMs <= nowMs ? saidMs : undefined;
          const { word, because } = resolve(nowMs, schedules, [], manualWord(before));
          const found = word?.kind === 'action' ? word.action : because.kind;
          const expected = expectedWord(windows, before, nowMs, calendar.fromMs + 2.6 * dayMs);
          if (expected !== undefined) expect(found).toBe(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each(named)('$name: the due queue fires those edges and no others', async (change) => {
    const [weekly] = fc.sample(
      rule.filter(({ days }) => days.length === 7 || days.length === 6),
      { numRuns: 1, seed: change.changeMs / 60_000 },
    );
    if (weekly === undefined) throw new Error('no rule');
    const fromMs = change.changeMs - 3 * dayMs;
    const untilMs = change.changeMs + 3 * dayMs;
    const stage = await Stage.open({ atMs: fromMs, timeZone: change.zone });
    const { days, start, end } = weekly;
    const { id } = stage.make({ days: [...days], start, end });
    for (;;) {
      const dueAtMs = stage.due.dueAtMs('schedule', id);
      if (dueAtMs === undefined || dueAtMs >= untilMs) break;
      // The queue looks every second, so it is there within one.
      stage.clock.step(dueAtMs - 500);
      stage.clock.advance(1500);
      expect(stage.due.dueAtMs('schedule', id)).not.toBe(dueAtMs);
    }
    const runs = stage.schedules.history(id, 200).reverse();
    const fired = runs
      .filter(({ at }) => Date.parse(at) > fromMs)
      .map(({ at, edge, outcome }) => `${at} ${edge} ${outcome}`);
    const expected = occurrences(
      timetableOf(weekly, new Place({ timeZone: change.zone })),
      fromMs + 1,
      untilMs,
    ).map(({ atMs, edge }) => `${new Date(atMs).toISOString()} ${edge} done`);
    expect(fired).toEqual(expected);
    expect(new Set(fired).size).toBe(fired.length);
  });

  it.each([
    ['Europe/Berlin', '2026-03-28T00:00:00Z', '02:15', '02:45'],
    ['Europe/Berlin', '2026-10-24T00:00:00Z', '02:15', '02:45'],
    ['Australia/Lord_Howe', '2026-10-02T00:00:00Z', '02:15', '23:00'],
  ])(
    '%s from %s: with every second lived through, each day has its edges',
    async (zone, from, start, end) => {
      const fromMs = Date.parse(from);
      const stage = await Stage.open({ atMs: fromMs, timeZone: zone });
      const { id } = stage.make({ start, end });
      for (let day = 0; day < 3; day++) stage.clock.advance(dayMs);
      const fired = stage.schedules.history(id, 200).reverse();
      const place = new Place({ timeZone: zone });
      const weekly: WeeklyRule = { kind: 'weekly', days: dayNames, start, end };
      const expected = occurrences(timetableOf(weekly, place), fromMs + 1, fromMs + 3 * dayMs);
      expect(
        fired.filter(({ at }) => Date.parse(at) > fromMs).map(({ at }) => Date.parse(at)),
      ).toEqual(expected.map(({ atMs }) => atMs));
      expect(fired.every(({ outcome, count }) => outcome === 'done' && count === 1)).toBe(true);
    },
  );
});
