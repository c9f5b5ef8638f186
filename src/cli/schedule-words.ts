/** Schedules in the words of whoever lives there. */

import type { HomeTime } from './home-time.ts';
import { printable } from './table.ts';
import { actionWords } from './value.ts';

/** The part of a schedule that says when it speaks. */
export interface When {
  readonly kind: 'weekly' | 'once' | 'cron';
  readonly days?: readonly string[] | null;
  readonly start?: string | null;
  readonly end?: string | null;
  readonly at?: string | null;
  readonly until?: string | null;
  readonly cron?: string | null;
  readonly duration_minutes?: number | null;
}

/** What became of one edge of a schedule. */
export interface PastRun {
  readonly at: string;
  readonly edge: string;
  readonly outcome: string;
  readonly count: number;
  readonly devices: readonly {
    readonly device_id: string;
    readonly outcome: string;
    readonly error?: string;
  }[];
}

const workdays = 'mon,tue,wed,thu,fri';
const daySets: Readonly<Record<string, string>> = {
  [`${workdays},sat,sun`]: 'every day',
  [workdays]: 'weekdays',
  'sat,sun': 'weekends',
};

/** `every day`, `weekdays`, `weekends`, else the days themselves. */
export const daysWords = (days: readonly string[]): string =>
  daySets[days.join(',')] ?? days.join(', ');

/** `weekdays 09:00 to 17:00`, `0 7 * * *, for 30 min`. A wall time is already that of the home. */
export function whenWords(when: When, home: HomeTime): string {
  const { kind, days, start, end, at, until, cron, duration_minutes } = when;
  if (kind === 'weekly') return `${daysWords(days ?? [])} ${start} to ${end}`;
  if (kind === 'once')
    return until == null ? once(at, home) : `${once(at, home)} to ${once(until, home)}`;
  return duration_minutes == null ? `${cron}` : `${cron}, for ${duration_minutes} min`;
}

/** An instant with a zone is told in the home's; what has none is the home's already. */
function once(text: string | null | undefined, home: HomeTime): string {
  const time = text ?? '';
  if (/t.*(z|[+-]\d{2}:?\d{2})$/i.test(time)) return home.minute(time);
  return printable(time.replace(/t/i, ' '));
}

const edges: Readonly<Record<string, string>> = {
  start: 'begins',
  end: 'ends',
  once: 'comes due',
};
const pastEdges: Readonly<Record<string, string>> = {
  start: 'began',
  end: 'ended',
  once: 'came due',
};

export const edgeWords = (edge: string): string => edges[edge] ?? printable(edge);

/** `setFanSpeed 3`, or what it means that an end has no action. */
export function edgeAction({
  action,
  value,
}: {
  readonly action: string | null;
  readonly value?: unknown;
}): string {
  return action === null ? 'leaves it as it is' : actionWords({ action, value });
}

const outcomes: Readonly<Record<string, string>> = {
  sent: 'was told',
  already: 'was so already',
  pending: 'is yet to be told',
  overridden: 'was not told, for something else had precedence',
  left: 'was left as it was',
  failed: 'could not be told',
};

/** `began`, `ended (3 times, missed while the hub was off)`. */
export function pastEdgeWords({ edge, outcome, count }: PastRun): string {
  const what = pastEdges[edge] ?? printable(edge);
  if (outcome !== 'missed') return what;
  return count > 1 ? `${what}: missed, with ${count - 1} before it` : `${what}: missed`;
}

/** `fan was told; lamp was so already`. */
export const deviceOutcomes = ({ devices }: PastRun): string =>
  devices
    .map(({ device_id, outcome, error }) => {
      const what = `${device_id} ${outcomes[outcome] ?? outcome}`;
      return printable(error === undefined ? what : `${what}: ${error}`);
    })
    .join('; ');
