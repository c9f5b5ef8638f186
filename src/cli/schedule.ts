import { details } from './details.ts';
import { devicePath } from './device.ts';
import { findTarget } from './group.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { type ScheduleOptions, scheduleBody } from './schedule-body.ts';
import { actionWords } from './value.ts';

interface Run {
  readonly at: string;
  readonly edge: string;
  readonly action: string;
  readonly value: unknown;
}

interface Schedule {
  readonly id: string;
  readonly name: string;
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly enabled: boolean;
  readonly kind: 'weekly' | 'once' | 'cron';
  readonly days?: readonly string[] | null;
  readonly start?: string | null;
  readonly end?: string | null;
  readonly at?: string | null;
  readonly until?: string | null;
  readonly cron?: string | null;
  readonly duration_minutes?: number | null;
  readonly action: string;
  readonly value: unknown;
  readonly next_runs?: readonly Run[];
}

const schedulePath = (id: string): string => `/schedules/${encodeURIComponent(id)}`;

/** Has a device, or every device of a group, do something at certain times. */
export async function addSchedule(
  at: Invocation,
  target: string,
  options: ScheduleOptions,
): Promise<void> {
  const body = scheduleBody(options);
  const schedule = await withHub(at, async (hub) =>
    hub.post<Schedule>('/schedules', { ...(await findTarget(hub, target)), ...body }),
  );
  at.answer(schedule, () => `The schedule ${schedule.id} is added. ${nextOf(schedule)}`);
}

export async function listSchedules(at: Invocation, device: string | undefined): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ schedules: readonly Schedule[] }>('/schedules', { device_id: device }),
  );
  at.answer(answer, () =>
    answer.schedules.length === 0
      ? 'There are no such schedules.'
      : at.table(
          ['id', 'name', 'for', 'when', 'does', 'enabled', 'next'],
          answer.schedules.map((schedule) => [
            schedule.id,
            schedule.name,
            schedule.device_id ?? schedule.group_id,
            whenWords(schedule),
            actionWords(schedule),
            schedule.enabled ? 'yes' : 'no',
            schedule.next_runs?.[0]?.at,
          ]),
          ['name', 'when'],
        ),
  );
}

export async function showSchedule(at: Invocation, id: string): Promise<void> {
  const schedule = await withHub(at, (hub) => hub.get<Schedule>(schedulePath(id)));
  at.answer(schedule, () => details(at, schedule));
}

export const enableSchedule = (at: Invocation, id: string): Promise<void> => turn(at, id, true);
export const disableSchedule = (at: Invocation, id: string): Promise<void> => turn(at, id, false);

export async function removeSchedule(at: Invocation, id: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(schedulePath(id)));
  at.answer({ removed: id }, () => `The schedule ${id} is removed.`);
}

export async function showScheduleHistory(at: Invocation, id: string): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<object>(`${schedulePath(id)}/history`));
  at.answer(answer, () => {
    const isEmpty = Object.values(answer).every(
      (value) => Array.isArray(value) && value.length === 0,
    );
    return isEmpty ? `The schedule ${id} has done nothing yet.` : details(at, answer);
  });
}

/** Shows what should hold for a device now, and because of what. */
export async function showWhy(at: Invocation, device: string): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<object>(`${devicePath(device)}/why`));
  at.answer(answer, () => details(at, answer));
}

async function turn(at: Invocation, id: string, enabled: boolean): Promise<void> {
  const schedule = await withHub(at, (hub) => hub.patch<Schedule>(schedulePath(id), { enabled }));
  at.answer(schedule, () =>
    enabled
      ? `The schedule ${id} is enabled. ${nextOf(schedule)}`
      : `The schedule ${id} is disabled.`,
  );
}

/** `mon, tue 09:00 to 17:00`, `0 7 * * *, for 30 min`. */
export function whenWords(schedule: Schedule): string {
  const { kind, days, start, end, at, until, cron, duration_minutes } = schedule;
  if (kind === 'weekly') return `${(days ?? []).join(', ')} ${start} to ${end}`;
  if (kind === 'once') return until == null ? `${at}` : `${at} to ${until}`;
  return duration_minutes == null ? `${cron}` : `${cron}, for ${duration_minutes} min`;
}

function nextOf({ next_runs = [] }: Schedule): string {
  const [next] = next_runs;
  if (next === undefined) return 'It never runs again.';
  return `Next it does ${actionWords(next)} at ${next.at}.`;
}
