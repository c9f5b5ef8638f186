import { describe, expect, it } from 'vitest';
import { type Resolution, resolve, type WeighedSchedule } from '../../src/schedules/resolve.ts';
import { Place } from '../../src/schedules/time/place.ts';
import type { Rule } from '../../src/schedules/time/rule.ts';
import { timetableOf } from '../../src/schedules/time/timetable.ts';
import type { ManualWord, OverrideWord, Word } from '../../src/schedules/types.ts';

const berlin = new Place({ timeZone: 'Europe/Berlin' });
const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** An instant by the time in Berlin, in the week of Monday 2026-03-02 (winter time). */
const at = (day: number, time: string): number =>
  Date.parse(`2026-03-0${day + 2}T${time.length === 5 ? `${time}:00` : time}+01:00`);
const act = (action: string): Word => ({ kind: 'action', action });

const window = (
  start: string,
  end: string,
  days: readonly (typeof everyDay)[number][] = everyDay,
): Rule => ({
  kind: 'weekly',
  days,
  start,
  end,
});

/** A schedule that says `on-ID`, and `off-ID` when its window ends. */
function schedule(
  id: string,
  rule: Rule,
  more: {
    enabled?: boolean;
    createdAtMs?: number;
    effectiveFromMs?: number;
    leaves?: boolean;
  } = {},
): WeighedSchedule {
  return {
    id,
    enabled: more.enabled ?? true,
    createdAtMs: more.createdAtMs ?? 0,
    effectiveFromMs: more.effectiveFromMs ?? 0,
    timetable: timetableOf(rule, berlin),
    word: act(`on-${id}`),
    endWord: more.leaves ? undefined : act(`off-${id}`),
  };
}

const byHand = (atMs: number, kind: 'manual' | 'restore' = 'manual'): ManualWord => ({
  id: 'm',
  kind,
  word: act('by-hand'),
  atMs,
});
const override = (startedAtMs: number, endsAtMs: number): OverrideWord => ({
  id: 'o',
  deviceId: 'air',
  word: act('override'),
  startedAtMs,
  endsAtMs,
});

const said = ({ word, because }: Resolution): string =>
  `${word?.kind === 'action' ? word.action : '-'} ${because.kind}${because.id ? ` ${because.id}` : ''}`;

const evening = schedule('e', window('18:00', '23:00'));
const night = schedule('n', window('22:00', '06:00'));
const inner = schedule('i', window('19:00', '21:00'), { createdAtMs: 1 });
const atEight: Rule = { kind: 'cron', cron: '0 20 * * *' };

interface Case {
  readonly name: string;
  readonly now: number;
  readonly schedules?: readonly WeighedSchedule[];
  readonly overrides?: readonly OverrideWord[];
  readonly manual?: ManualWord;
  readonly holds: string;
}

const cases: readonly Case[] = [
  { name: 'nobody has said anything', now: at(1, '12:00'), holds: '- nothing' },
  {
    name: 'only a word by hand',
    now: at(1, '12:00'),
    manual: byHand(at(0, '10:00')),
    holds: 'by-hand manual m',
  },

  { name: 'inside a window', now: at(1, '20:00'), schedules: [evening], holds: 'on-e schedule e' },
  {
    name: 'at the very start',
    now: at(1, '18:00'),
    schedules: [evening],
    holds: 'on-e schedule e',
  },
  {
    name: 'a millisecond before the start',
    now: at(1, '18:00') - 1,
    schedules: [evening],
    holds: 'off-e schedule_end e',
  },
  {
    name: 'a millisecond before the end',
    now: at(1, '23:00') - 1,
    schedules: [evening],
    holds: 'on-e schedule e',
  },
  {
    name: 'at the very end',
    now: at(1, '23:00'),
    schedules: [evening],
    holds: 'off-e schedule_end e',
  },
  {
    name: 'an end that leaves it as it is',
    now: at(2, '02:00'),
    schedules: [schedule('e', window('18:00', '23:00'), { leaves: true })],
    holds: '- schedule_end e',
  },
  {
    name: 'over midnight, before it',
    now: at(1, '23:30'),
    schedules: [night],
    holds: 'on-n schedule n',
  },
  {
    name: 'over midnight, after it',
    now: at(2, '05:59'),
    schedules: [night],
    holds: 'on-n schedule n',
  },
  {
    name: 'over midnight, at the end',
    now: at(2, '06:00'),
    schedules: [night],
    holds: 'off-n schedule_end n',
  },
  {
    name: "over midnight belongs to the start's day",
    now: at(1, '05:00'),
    schedules: [schedule('n', window('22:00', '06:00', ['mon']))],
    holds: 'on-n schedule n',
  },
  {
    name: "and not to the end's",
    now: at(2, '05:00'),
    schedules: [schedule('n', window('22:00', '06:00', ['wed']))],
    holds: 'off-n schedule_end n',
  },

  {
    name: 'a disabled schedule says nothing',
    now: at(1, '20:00'),
    schedules: [schedule('e', window('18:00', '23:00'), { enabled: false })],
    holds: '- nothing',
  },
  {
    name: 'one that is made inside its window begins then',
    now: at(1, '20:00'),
    schedules: [schedule('e', window('18:00', '23:00'), { effectiveFromMs: at(1, '20:00') })],
    holds: 'on-e schedule e',
  },
  {
    name: 'one that is made after its window says nothing of it',
    now: at(1, '23:30'),
    schedules: [schedule('e', window('18:00', '23:00'), { effectiveFromMs: at(1, '23:10') })],
    holds: '- nothing',
  },
  {
    name: 'nor one that is made at its end',
    now: at(1, '23:00'),
    schedules: [schedule('e', window('18:00', '23:00'), { effectiveFromMs: at(1, '23:00') })],
    holds: '- nothing',
  },
  {
    name: 'one that is made inside its window ends with it',
    now: at(1, '23:30'),
    schedules: [schedule('e', window('18:00', '23:00'), { effectiveFromMs: at(1, '20:00') })],
    holds: 'off-e schedule_end e',
  },
  {
    name: 'one that is made inside its window begins after an older one',
    now: at(1, '20:30'),
    schedules: [
      schedule('e', window('18:00', '23:00'), { effectiveFromMs: at(1, '20:00') }),
      schedule('b', window('19:00', '22:00')),
    ],
    holds: 'on-e schedule e',
  },

  {
    name: 'the inner window holds in the outer',
    now: at(1, '20:00'),
    schedules: [evening, inner],
    holds: 'on-i schedule i',
  },
  {
    name: 'whatever their order',
    now: at(1, '20:00'),
    schedules: [inner, evening],
    holds: 'on-i schedule i',
  },
  {
    name: 'the outer holds again after the inner',
    now: at(1, '21:00'),
    schedules: [evening, inner],
    holds: 'on-e schedule e',
  },
  {
    name: 'of two that overlap the later one holds',
    now: at(1, '22:30'),
    schedules: [evening, night],
    holds: 'on-n schedule n',
  },
  {
    name: 'the end of the earlier changes nothing for the later',
    now: at(1, '23:30'),
    schedules: [evening, night],
    holds: 'on-n schedule n',
  },
  {
    name: 'of two that begin together the later made holds',
    now: at(1, '18:30'),
    schedules: [
      schedule('z', window('18:00', '20:00')),
      schedule('a', window('18:00', '21:00'), { createdAtMs: 5 }),
    ],
    holds: 'on-a schedule a',
  },
  {
    name: 'made together, the greater id',
    now: at(1, '18:30'),
    schedules: [schedule('z', window('18:00', '20:00')), schedule('a', window('18:00', '21:00'))],
    holds: 'on-z schedule z',
  },
  {
    name: 'of two that end together the one that began last',
    now: at(1, '23:30'),
    schedules: [schedule('z', window('20:00', '23:00')), evening],
    holds: 'off-z schedule_end z',
  },
  {
    name: 'the last to end has the word',
    now: at(1, '23:30'),
    schedules: [schedule('z', window('20:00', '22:00')), evening],
    holds: 'off-e schedule_end e',
  },
  {
    name: 'an end and a start at the same instant: the start',
    now: at(1, '23:00'),
    schedules: [evening, schedule('l', window('23:00', '23:30'))],
    holds: 'on-l schedule l',
  },

  {
    name: 'by hand inside a window',
    now: at(1, '20:00'),
    schedules: [evening],
    manual: byHand(at(1, '19:12')),
    holds: 'by-hand manual m',
  },
  {
    name: 'by hand holds until the next edge',
    now: at(1, '23:00') - 1,
    schedules: [evening],
    manual: byHand(at(1, '19:12')),
    holds: 'by-hand manual m',
  },
  {
    name: 'and no longer',
    now: at(1, '23:00'),
    schedules: [evening],
    manual: byHand(at(1, '19:12')),
    holds: 'off-e schedule_end e',
  },
  {
    name: 'an edge of another schedule ends it too',
    now: at(1, '21:30'),
    schedules: [evening, inner],
    manual: byHand(at(1, '20:30')),
    holds: 'on-e schedule e',
  },
  {
    name: 'by hand before the window',
    now: at(1, '18:30'),
    schedules: [evening],
    manual: byHand(at(1, '17:59')),
    holds: 'on-e schedule e',
  },
  {
    name: 'by hand at the millisecond of an edge: the edge',
    now: at(1, '18:30'),
    schedules: [evening],
    manual: byHand(at(1, '18:00')),
    holds: 'on-e schedule e',
  },
  {
    name: 'by hand a millisecond after',
    now: at(1, '18:30'),
    schedules: [evening],
    manual: byHand(at(1, '18:00') + 1),
    holds: 'by-hand manual m',
  },
  {
    name: 'what an override gave back counts as of when it held',
    now: at(1, '19:30'),
    schedules: [evening],
    manual: byHand(at(1, '17:50'), 'restore'),
    holds: 'on-e schedule e',
  },
  {
    name: 'and holds when nothing spoke since',
    now: at(1, '19:30'),
    schedules: [evening],
    manual: byHand(at(1, '18:50'), 'restore'),
    holds: 'by-hand restore m',
  },
  {
    name: 'an edge that leaves the device alone ends a word by hand too',
    now: at(1, '23:30'),
    schedules: [schedule('e', window('18:00', '23:00'), { leaves: true })],
    manual: byHand(at(1, '20:00')),
    holds: '- schedule_end e',
  },

  {
    name: 'an override wins over a window',
    now: at(1, '20:00'),
    schedules: [evening],
    overrides: [override(at(1, '19:50'), at(1, '20:10'))],
    holds: 'override override o',
  },
  {
    name: 'over an edge that comes meanwhile',
    now: at(1, '18:05'),
    schedules: [evening],
    overrides: [override(at(1, '17:50'), at(1, '18:10'))],
    holds: 'override override o',
  },
  {
    name: 'over a newer word by hand',
    now: at(1, '20:00'),
    manual: byHand(at(1, '19:55')),
    overrides: [override(at(1, '19:50'), at(1, '20:10'))],
    holds: 'override override o',
  },
  {
    name: 'until its last millisecond',
    now: at(1, '20:10') - 1,
    schedules: [evening],
    overrides: [override(at(1, '19:50'), at(1, '20:10'))],
    holds: 'override override o',
  },
  {
    name: 'and no longer',
    now: at(1, '20:10'),
    schedules: [evening],
    overrides: [override(at(1, '19:50'), at(1, '20:10'))],
    holds: 'on-e schedule e',
  },

  {
    name: 'a moment holds until the next edge',
    now: at(1, '20:59'),
    schedules: [evening, schedule('c', atEight)],
    holds: 'on-c schedule_once c',
  },
  {
    name: 'which the end of an inner window is',
    now: at(1, '21:00'),
    schedules: [evening, inner, schedule('c', atEight)],
    holds: 'on-e schedule e',
  },
  {
    name: 'a moment alone holds on',
    now: at(2, '19:59'),
    schedules: [schedule('c', atEight)],
    holds: 'on-c schedule_once c',
  },
  {
    name: 'by hand after a moment',
    now: at(1, '20:30'),
    schedules: [schedule('c', atEight)],
    manual: byHand(at(1, '20:01')),
    holds: 'by-hand manual m',
  },
  {
    name: 'a moment at the start of a window: the window',
    now: at(1, '18:00'),
    schedules: [evening, schedule('c', { kind: 'cron', cron: '0 18 * * *' })],
    holds: 'on-e schedule e',
  },
  {
    name: 'a moment at the end of a window: the moment',
    now: at(1, '23:00'),
    schedules: [evening, schedule('c', { kind: 'cron', cron: '0 23 * * *' })],
    holds: 'on-c schedule_once c',
  },
  {
    name: 'a moment before it was made says nothing',
    now: at(1, '20:30'),
    schedules: [schedule('c', atEight, { effectiveFromMs: at(1, '20:00') + 1 })],
    holds: '- nothing',
  },
  {
    name: 'a moment at which it was made speaks',
    now: at(1, '20:30'),
    schedules: [schedule('c', atEight, { effectiveFromMs: at(1, '20:00') })],
    holds: 'on-c schedule_once c',
  },
  {
    name: 'once, with an end',
    now: at(1, '20:30'),
    schedules: [schedule('c', { kind: 'once', at: '2026-03-03T20:00', until: '2026-03-03T21:00' })],
    holds: 'on-c schedule c',
  },
  {
    name: 'cron windows that begin anew before they end',
    now: at(1, '20:30'),
    schedules: [schedule('c', { kind: 'cron', cron: '*/10 20 * * *', durationMinutes: 15 })],
    holds: 'on-c schedule c',
  },
  {
    name: 'and their last end',
    now: at(1, '21:05'),
    schedules: [schedule('c', { kind: 'cron', cron: '*/10 20 * * *', durationMinutes: 15 })],
    holds: 'off-c schedule_end c',
  },

  {
    name: 'an edge within 8 days is remembered',
    now: at(0, '20:00') + 8 * 86_400_000,
    schedules: [schedule('c', { kind: 'once', at: '2026-03-02T20:00' })],
    holds: 'on-c schedule_once c',
  },
  {
    name: 'an older one by nobody',
    now: at(0, '20:00') + 8 * 86_400_000 + 1,
    schedules: [schedule('c', { kind: 'once', at: '2026-03-02T20:00' })],
    holds: '- nothing',
  },
  {
    name: 'but it ended a word by hand of before',
    now: at(0, '20:00') + 30 * 86_400_000,
    schedules: [schedule('c', { kind: 'once', at: '2026-03-02T20:00' })],
    manual: byHand(at(0, '19:00')),
    holds: '- nothing',
  },
  {
    name: 'a word by hand is not forgotten',
    now: at(0, '20:00') + 30 * 86_400_000,
    schedules: [schedule('c', { kind: 'once', at: '2026-03-02T20:00' })],
    manual: byHand(at(0, '21:00')),
    holds: 'by-hand manual m',
  },
];

describe('what should hold', () => {
  it.each(cases)('$name', ({ now, schedules = [], overrides = [], manual, holds }) => {
    const resolution = resolve(now, schedules, overrides, manual);
    expect(said(resolution)).toBe(holds);
    const holders = resolution.considered.filter((one) => one.holds);
    expect(holders.map(({ id }) => id)).toEqual(
      resolution.because.id === undefined ? [] : [resolution.because.id],
    );
  });

  it('says since when: the window, and when it came to hold again', () => {
    const { sinceMs, decidedAtMs } = resolve(at(1, '21:30'), [evening, inner], [], undefined);
    expect([sinceMs, decidedAtMs]).toEqual([at(1, '18:00'), at(1, '21:00')]);
  });

  it('says how each word stood', () => {
    const { considered } = resolve(
      at(1, '20:00'),
      [evening, inner, schedule('x', window('08:00', '09:00'), { enabled: false })],
      [override(at(1, '17:00'), at(1, '18:00'))],
      byHand(at(1, '12:00')),
    );
    expect(considered.map(({ id, state, holds }) => `${id} ${state} ${holds}`)).toEqual([
      'o ended false',
      'm said false',
      'e open false',
      'i open true',
      'x disabled false',
    ]);
  });
});
