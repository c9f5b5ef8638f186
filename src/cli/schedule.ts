import { inFlags } from './flag-words.ts';
import { findTarget } from './group.ts';
import { type HomeTime, homeTime } from './home-time.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { type ScheduleOptions, scheduleBody, scheduleFlags } from './schedule-body.ts';
import {
  deviceOutcomes,
  edgeAction,
  edgeWords,
  type PastRun,
  pastEdgeWords,
  type When,
  whenWords,
} from './schedule-words.ts';
import { list, printable } from './table.ts';
import { actionWords } from './value.ts';

interface NextRun {
  readonly at: string;
  readonly edge: string;
  /** Null for an end that leaves the device as it is. */
  readonly action: string | null;
  readonly value: unknown;
}

interface Schedule extends When {
  readonly id: string;
  readonly name: string;
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly enabled: boolean;
  readonly action: string;
  readonly value: unknown;
  readonly end_action?: { readonly action: string; readonly value: unknown } | null;
  readonly next_runs?: readonly NextRun[];
  readonly last_run?: PastRun | null;
  /** Why it cannot speak as the hub is set now. */
  readonly problem?: string | null;
}

/** What the hub answers to a schedule that is made or changed. */
interface Made extends Schedule {
  /** Ids of others that have windows at the same time. */
  readonly overlaps?: readonly string[];
}

const schedulePath = (id: string): string => `/schedules/${encodeURIComponent(id)}`;

/** Overlaps that are told with their times; `--json` has the others. */
const mostOverlaps = 5;

/** Has a device, or every device of a group, do something at certain times. */
export async function addSchedule(
  at: Invocation,
  target: string,
  options: ScheduleOptions,
): Promise<void> {
  const body = scheduleBody(options);
  const { made, others } = await inFlags(scheduleFlags(options), () =>
    withHub(at, async (hub) => {
      const whom = await findTarget(hub, target);
      return withOverlaps(at, hub, await hub.post<Made>('/schedules', { ...whom, ...body }));
    }),
  );
  const home = homeTime(at);
  at.answer(made, () =>
    [
      `The schedule ${made.id} is added. ${nextOf(made, home)}`,
      ...overlapLines(made, others, home),
    ].join('\n'),
  );
}

export async function listSchedules(at: Invocation, device: string | undefined): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ schedules: readonly Schedule[] }>('/schedules', { device_id: device }),
  );
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.schedules.length === 0
      ? 'There are no such schedules.'
      : home.below(
          at.table(
            ['id', 'name', 'for', 'when', 'does', 'enabled', 'next'],
            answer.schedules.map((schedule) => [
              schedule.id,
              schedule.name,
              schedule.device_id ?? schedule.group_id,
              whenWords(schedule, home),
              actionWords(schedule),
              schedule.enabled ? 'yes' : 'no',
              home.minute(schedule.next_runs?.[0]?.at),
            ]),
            ['name', 'when'],
          ),
        ),
  );
}

export async function showSchedule(at: Invocation, id: string): Promise<void> {
  const schedule = await withHub(at, (hub) => hub.get<Schedule>(schedulePath(id)));
  const home = homeTime(at);
  at.answer(schedule, () => {
    const { next_runs = [], last_run, problem } = schedule;
    const facts = {
      id: schedule.id,
      name: schedule.name,
      for: schedule.device_id ?? `the group ${schedule.group_id}`,
      when: whenWords(schedule, home),
      does: actionWords(schedule),
      ...endFact(schedule),
      enabled: schedule.enabled ? 'yes' : 'no',
      ...(problem != null && { problem }),
      ...(last_run != null && { 'last run': lastWords(last_run, home) }),
    };
    const rows = next_runs.map((run) => [
      home.minute(run.at),
      edgeWords(run.edge),
      edgeAction(run),
    ]);
    const next =
      rows.length === 0 ? 'It does not run again.' : at.table(['next', 'what', 'does'], rows);
    return home.below(`${list(facts)}\n\n${next}`);
  });
}

export const enableSchedule = (at: Invocation, id: string): Promise<void> => turn(at, id, true);
export const disableSchedule = (at: Invocation, id: string): Promise<void> => turn(at, id, false);

export async function removeSchedule(at: Invocation, id: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(schedulePath(id)));
  at.answer({ removed: id }, () => `The schedule ${id} is removed.`);
}

export async function showScheduleHistory(at: Invocation, id: string): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ runs: readonly PastRun[] }>(`${schedulePath(id)}/history`),
  );
  const home = homeTime(at);
  at.answer(answer, () => {
    if (answer.runs.length === 0) return `The schedule ${id} has done nothing yet.`;
    const rows = answer.runs.map((run) => [
      home.minute(run.at),
      pastEdgeWords(run),
      deviceOutcomes(run),
    ]);
    return home.below(at.table(['when', 'what', 'devices'], rows));
  });
}

async function turn(at: Invocation, id: string, enabled: boolean): Promise<void> {
  const { made, others } = await withHub(at, async (hub) =>
    withOverlaps(at, hub, await hub.patch<Made>(schedulePath(id), { enabled })),
  );
  const home = homeTime(at);
  at.answer(made, () =>
    enabled
      ? [
          `The schedule ${id} is enabled. ${nextOf(made, home)}`,
          ...overlapLines(made, others, home),
        ].join('\n')
      : `The schedule ${id} is disabled.`,
  );
}

interface MadeAmongOthers {
  readonly made: Made;
  readonly others: readonly Schedule[];
}

/** A schedule with those that it overlaps with, for a person: a program has their ids. */
async function withOverlaps(at: Invocation, hub: Hub, made: Made): Promise<MadeAmongOthers> {
  const { overlaps = [] } = made;
  if (at.json || overlaps.length === 0) return { made, others: [] };
  const { schedules } = await hub.get<{ schedules: readonly Schedule[] }>('/schedules');
  return { made, others: schedules.filter(({ id }) => overlaps.includes(id)) };
}

function overlapLines({ overlaps = [] }: Made, others: readonly Schedule[], home: HomeTime) {
  if (overlaps.length === 0) return [];
  const told = others.slice(0, mostOverlaps).map((other) => {
    const what = `${whenWords(other, home)}, ${actionWords(other)}`;
    return printable(`  ${other.name} (${other.id}): ${what}`);
  });
  const more = overlaps.length - told.length;
  return [
    'At times it overlaps with others; of those, the one that began last holds:',
    ...told,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** What is done when a window ends; nothing for a schedule without windows. */
function endFact({ kind, until, duration_minutes, end_action }: Schedule): object {
  const hasEnd = kind === 'weekly' || until != null || duration_minutes != null;
  if (!hasEnd) return {};
  return { 'at its end': end_action == null ? 'leaves it as it is' : actionWords(end_action) };
}

function lastWords(run: PastRun, home: HomeTime): string {
  const devices = deviceOutcomes(run);
  return `${home.minute(run.at)}, ${pastEdgeWords(run)}${devices === '' ? '' : `; ${devices}`}`;
}

function nextOf({ next_runs = [] }: Schedule, home: HomeTime): string {
  const [next] = next_runs;
  if (next === undefined) return 'It does not run again.';
  return `Next it ${edgeWords(next.edge)} at ${home.withZone(next.at)}: ${edgeAction(next)}.`;
}
