/** What should hold: a pure function of the moment and of everything that anyone has said. */

import type { Timetable } from './time/timetable.ts';
import type { ManualWord, OverrideWord, Word } from './types.ts';

/** A schedule as it is weighed for one device. */
export interface WeighedSchedule {
  readonly id: string;
  readonly enabled: boolean;
  readonly createdAtMs: number;
  /** When it was made, enabled or changed last: edges before that do not count. */
  readonly effectiveFromMs: number;
  readonly timetable: Timetable;
  /** What holds in its windows, or from its moments on. */
  readonly word: Word;
  /** What holds from the end of a window on; undefined leaves the device as it is. */
  readonly endWord: Word | undefined;
}

export const causeKinds = [
  'override',
  'manual',
  'restore',
  'schedule',
  'schedule_end',
  'schedule_once',
  'nothing',
] as const;
export type CauseKind = (typeof causeKinds)[number];

/** Why something holds, and whose word it is. */
export interface Cause {
  readonly kind: CauseKind;
  readonly id?: string;
}

/** How one word stood when it was weighed. */
export interface Considered {
  readonly kind: 'override' | 'manual' | 'restore' | 'schedule';
  readonly id: string;
  readonly state: 'running' | 'said' | 'open' | 'ended' | 'moment' | 'waiting' | 'disabled';
  /** When it got into that state. */
  readonly atMs?: number;
  readonly holds: boolean;
}

export interface Resolution {
  /** What should hold; undefined when the device is to be left as it is. */
  readonly word: Word | undefined;
  readonly because: Cause;
  /** When the word was said, or its window began. */
  readonly sinceMs: number | undefined;
  /** When it came to hold: later than `sinceMs` for a window that holds again after an inner one. */
  readonly decidedAtMs: number | undefined;
  readonly considered: readonly Considered[];
}

/** Edges that are older are remembered by nobody. */
export const rememberedMs = 8 * 86_400_000;

/**
 * Says what should hold for a device at `nowMs`, in this order:
 *
 * 1. a running override;
 * 2. of the newest edge of an enabled schedule and the last word by hand (or what an override gave
 *    back), the newer; at the same millisecond the edge;
 * 3. at an edge: its word, if it is a moment; else the open window that began last; else the end
 *    action of the window that ended last.
 *
 * `schedules`, `overrides` and `manual` are those of the device.
 */
export function resolve(
  nowMs: number,
  schedules: readonly WeighedSchedule[],
  overrides: readonly OverrideWord[],
  manual: ManualWord | undefined,
): Resolution {
  const standings = schedules.map((schedule) => standingOf(schedule, nowMs));
  const ruling = rulingOf(nowMs, standings, overrides, manual);
  const { kind, id } = ruling.because;
  const isSchedule = kind.startsWith('schedule');
  return {
    ...ruling,
    considered: [
      ...overrides.map(
        (override): Considered => ({
          kind: 'override',
          id: override.id,
          state: isRunning(override, nowMs) ? 'running' : 'ended',
          atMs: override.startedAtMs,
          holds: kind === 'override' && id === override.id,
        }),
      ),
      ...(manual ? [{ ...said(manual), holds: kind === manual.kind && id === manual.id }] : []),
      ...standings.map(({ schedule, state, atMs }): Considered => {
        const holds = isSchedule && id === schedule.id;
        const base = { kind: 'schedule' as const, id: schedule.id, state, holds };
        return atMs === undefined ? base : { ...base, atMs };
      }),
    ],
  };
}

const said = ({ kind, id, atMs }: ManualWord) => ({ kind, id, atMs, state: 'said' as const });

type Ruling = Omit<Resolution, 'considered'>;

interface Standing {
  readonly schedule: WeighedSchedule;
  readonly state: 'open' | 'ended' | 'moment' | 'waiting' | 'disabled';
  /** Its newest edge, unless it waits or is disabled. */
  readonly atMs?: number;
  /** When the window began that is open or has ended. */
  readonly startMs?: number;
}

type Spoken = Required<Standing>;

const isRunning = ({ startedAtMs, endsAtMs }: OverrideWord, nowMs: number): boolean =>
  startedAtMs <= nowMs && nowMs < endsAtMs;

function rulingOf(
  nowMs: number,
  standings: readonly Standing[],
  overrides: readonly OverrideWord[],
  manual: ManualWord | undefined,
): Ruling {
  const override = overrides
    .filter((candidate) => isRunning(candidate, nowMs))
    .reduce<OverrideWord | undefined>(
      (best, next) => (best === undefined || next.startedAtMs >= best.startedAtMs ? next : best),
      undefined,
    );
  if (override) return ruling(override.word, 'override', override.id, override.startedAtMs);

  const spoken = standings.filter(hasSpoken);
  const newest = greatest(spoken, byEdge);
  if (manual && (newest === undefined || manual.atMs > newest.atMs)) {
    return ruling(manual.word, manual.kind, manual.id, manual.atMs);
  }
  if (newest === undefined || newest.atMs < nowMs - rememberedMs) return nothing;
  if (newest.state === 'moment') {
    return ruling(newest.schedule.word, 'schedule_once', newest.schedule.id, newest.atMs);
  }
  const open = greatest(
    spoken.filter(({ state }) => state === 'open'),
    byBeginning,
  );
  if (open) {
    const { schedule, startMs } = open;
    return { ...ruling(schedule.word, 'schedule', schedule.id, startMs), decidedAtMs: newest.atMs };
  }
  const ended = greatest(
    spoken.filter(({ state, atMs }) => state === 'ended' && atMs === newest.atMs),
    byBeginning,
  );
  if (ended === undefined) return nothing;
  return ruling(ended.schedule.endWord, 'schedule_end', ended.schedule.id, ended.atMs);
}

const nothing: Ruling = {
  word: undefined,
  because: { kind: 'nothing' },
  sinceMs: undefined,
  decidedAtMs: undefined,
};

const ruling = (word: Word | undefined, kind: CauseKind, id: string, sinceMs: number): Ruling => ({
  word,
  because: { kind, id },
  sinceMs,
  decidedAtMs: sinceMs,
});

/** Where a schedule stands. Its newest span says all: spans do not overlap. */
function standingOf(schedule: WeighedSchedule, nowMs: number): Standing {
  const { enabled, effectiveFromMs, timetable } = schedule;
  if (!enabled) return { schedule, state: 'disabled' };
  const span = timetable.last(nowMs);
  if (span === undefined) return { schedule, state: 'waiting' };
  const { startMs, endMs } = span;
  if (endMs === undefined) {
    if (startMs < effectiveFromMs) return { schedule, state: 'waiting' };
    return { schedule, state: 'moment', atMs: startMs, startMs };
  }
  if (endMs <= effectiveFromMs) return { schedule, state: 'waiting' };
  // A schedule that is made inside its own window begins then.
  const beganMs = Math.max(startMs, effectiveFromMs);
  if (nowMs < endMs) return { schedule, state: 'open', atMs: beganMs, startMs: beganMs };
  return { schedule, state: 'ended', atMs: endMs, startMs: beganMs };
}

const hasSpoken = (standing: Standing): standing is Spoken => standing.atMs !== undefined;

/** At the same instant an end comes before a moment, and a moment before a start. */
const order = { ended: 0, moment: 1, open: 2, waiting: 0, disabled: 0 } as const;

const byEdge = (left: Spoken, right: Spoken): number =>
  left.atMs - right.atMs || order[left.state] - order[right.state] || byMaking(left, right);

const byBeginning = (left: Spoken, right: Spoken): number =>
  left.startMs - right.startMs || byMaking(left, right);

const byMaking = ({ schedule: left }: Spoken, { schedule: right }: Spoken): number =>
  left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1);

const greatest = (
  standings: readonly Spoken[],
  compare: (left: Spoken, right: Spoken) => number,
): Spoken | undefined =>
  standings.reduce<Spoken | undefined>(
    (best, next) => (best === undefined || compare(next, best) > 0 ? next : best),
    undefined,
  );
