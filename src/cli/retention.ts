import { HearthError } from '#kernel';
import { inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface Days {
  readonly raw_days: number | null;
  readonly minute_days: number | null;
  readonly hour_days: number | null;
  readonly day_days: number | null;
}

interface Rule extends Days {
  readonly id: string;
  readonly device_id: string | null;
  readonly type: string | null;
  readonly metric: string | null;
}

interface Sum {
  readonly points: number;
  readonly bytes: number;
}

interface Plan {
  readonly free_disk: { readonly free_bytes: number | null; readonly floor_bytes: number };
  readonly next: Sum;
  readonly total: Sum;
  readonly going: readonly (Sum & {
    readonly in_days: number;
    readonly reason: 'age' | 'disk';
    readonly tier: string;
    readonly device_id: string;
    readonly metric: string;
    readonly start: string;
    readonly end: string;
  })[];
  readonly truncated: boolean;
}

const headings = ['readings', 'raw', 'by the minute', 'by the hour', 'by the day'];

/** Shows how long readings are kept. */
export async function showRetention(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ home: Days; rules: readonly Rule[] }>('/retention'),
  );
  at.answer(answer, () =>
    at.table(
      ['rule', ...headings],
      [
        ['', 'all others', ...daysOf(answer.home)],
        ...answer.rules.map((rule) => [rule.id, whose(rule), ...daysOf(rule)]),
      ],
    ),
  );
}

/** Shows what goes with the next housekeeping, and in the coming days. */
export async function planRetention(
  at: Invocation,
  options: { readonly days?: string; readonly limit?: string },
): Promise<void> {
  const { days, limit } = options;
  const flags = {
    days: { flag: '--days', ...(days !== undefined && { typed: days }) },
    limit: { flag: '--limit', ...(limit !== undefined && { typed: limit }) },
  };
  const plan = await inFlags(flags, () =>
    withHub(at, (hub) => hub.get<Plan>('/retention/plan', { days, limit })),
  );
  at.answer(plan, () => planText(at, plan));
}

export interface RuleOptions {
  readonly type?: string;
  readonly metric?: string;
  readonly rawDays?: string;
  readonly minuteDays?: string;
  readonly hourDays?: string;
  readonly dayDays?: string;
}

/** Keeps the readings of a device, or of a type of device, for longer or shorter. */
export async function setRetention(
  at: Invocation,
  device: string | undefined,
  options: RuleOptions,
): Promise<void> {
  if ((device === undefined) === (options.type === undefined)) {
    throw new HearthError('bad_request', 'retention set takes a device, or --type', {
      hint: 'hearth retention set bedroom-purifier --metric pm25 --raw-days 365',
    });
  }
  const { type, metric } = options;
  const body = {
    ...(device !== undefined && { device_id: device }),
    ...(type !== undefined && { type }),
    ...(metric !== undefined && { metric }),
    ...count('raw_days', '--raw-days', options.rawDays),
    ...count('minute_days', '--minute-days', options.minuteDays),
    ...count('hour_days', '--hour-days', options.hourDays),
    ...count('day_days', '--day-days', options.dayDays),
  };
  const flags = {
    metric: { flag: '--metric' },
    raw_days: { flag: '--raw-days' },
    minute_days: { flag: '--minute-days' },
    hour_days: { flag: '--hour-days' },
    day_days: { flag: '--day-days' },
  };
  const rule = await inFlags(flags, () =>
    withHub(at, (hub) => hub.put<Rule>('/retention/rules', body)),
  );
  at.answer(rule, () => at.table(['rule', ...headings], [[rule.id, whose(rule), ...daysOf(rule)]]));
  at.note('What goes because of it: hearth retention plan');
}

export async function removeRetention(at: Invocation, rule: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(`/retention/rules/${encodeURIComponent(rule)}`));
  at.answer({ removed: rule }, () => `The rule ${rule} is removed.`);
}

/** @throws HearthError `bad_request` naming the option. */
function count(name: string, flag: string, typed: string | undefined): Record<string, number> {
  if (typed === undefined) return {};
  if (/^\d{1,6}$/.test(typed)) return { [name]: Number(typed) };
  throw new HearthError('bad_request', `${flag} takes a number of days, not "${typed}"`, {
    field: flag,
  });
}

const whose = ({ device_id, type, metric }: Rule): string =>
  `${device_id ?? `every ${type}`}${metric === null ? '' : `: ${metric}`}`;

const daysOf = (days: Days): string[] =>
  [days.raw_days, days.minute_days, days.hour_days, days.day_days].map((one) =>
    one === null ? '' : `${one} d`,
  );

function planText(at: Invocation, { going, next, total, free_disk, truncated }: Plan): string {
  const { free_bytes, floor_bytes } = free_disk;
  const disk = `Free on the disk: ${free_bytes === null ? 'not known' : size(free_bytes)}; at least ${size(floor_bytes)} stay free.`;
  if (going.length === 0) return `Nothing goes in that time. ${notYetSeen}\n${disk}`;
  const home = homeTime(at);
  const table = at.table(
    ['when', 'why', 'tier', 'device', 'metric', 'from', 'to', 'points', 'size'],
    going.map((one) => [
      one.in_days === 0 ? 'next' : `in ${one.in_days} d`,
      one.reason,
      one.tier,
      one.device_id,
      one.metric,
      home.minute(one.start),
      home.minute(one.end),
      one.points,
      size(one.bytes),
    ]),
  );
  const sums =
    `With the next housekeeping: ${next.points} points, ${size(next.bytes)}. ` +
    `In all: ${total.points} points, ${size(total.bytes)}.`;
  const more = truncated ? '\nThere is more than is shown: --limit.' : '';
  return home.below(`${table}${more}\n\n${sums} ${notYetSeen}\n${disk}`);
}

const notYetSeen =
  'What came in lately is not in this: it goes by days, once they are over and summed up.';

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

function size(bytes: number): string {
  const power = Math.min(
    units.length - 1,
    Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)),
  );
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`;
}
