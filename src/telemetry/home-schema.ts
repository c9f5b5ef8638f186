import { z } from '@hono/zod-openapi';
import { HearthError, isoOfMicroseconds } from '#kernel';
import { type Comparison, comparisons } from './comparison.ts';
import type { GroupQuery } from './home-history.ts';
import {
  defaultLimit,
  historyQuery,
  metricStatistics,
  mostRows,
  readAggregates,
  readInterval,
  readLimit,
  readList,
  readSpan,
  statisticsQuery,
  time,
  value,
} from './schema.ts';

/** What crosses the wire in questions about several devices. */

export const groupings = ['device', 'room', 'type', 'home'] as const;
export type Grouping = (typeof groupings)[number];

/** Rows of all series together, before the limit of each. */
const mostCells = 200_000;

const choice = {
  devices: z.string().optional().openapi({
    description: 'Devices, separated by commas; all that you see by default',
    example: 'plug-1,plug-2',
  }),
  room: z.string().optional().openapi({ description: 'The devices of a room, by its id' }),
  type: z.string().optional().openapi({ description: 'The devices of a type' }),
};

export const homeQuery = historyQuery
  .pick({ start: true, end: true, fields: true, agg: true, tz: true, fill: true })
  .extend({
    ...choice,
    interval: z.string().optional().openapi({
      description: 'Width of a bucket, from 1s; by default one that makes a few hundred',
    }),
    group: z.enum(groupings).optional().openapi({
      description: 'What is summed up together: one device by default',
    }),
    compare: z.enum(comparisons).optional().openapi({
      description:
        'The same of an earlier time beside it, by the calendar of tz: 1w is the same weekdays and hours of last week. A row is left out where neither time has readings',
    }),
    limit: z
      .string()
      .optional()
      .openapi({ description: `Rows of a series at most; ${defaultLimit} by default` }),
  });

export const homeStatisticsQuery = statisticsQuery.extend(choice);

const series = z.object({
  device_id: z.string().optional(),
  room: z.string().nullable().optional().openapi({ description: 'null: in no room' }),
  room_name: z.string().nullable().optional(),
  type: z.string().optional(),
  devices: z.array(z.string()).optional().openapi({ description: 'Whose readings these are' }),
  withheld: z.array(z.string()).optional().openapi({
    description: 'Sensitive metrics that were asked for and that you may not see',
  }),
  data: z.array(z.object({ timestamp: time.nullable() }).catchall(value.nullable())),
});

export const homeAnswer = z
  .object({
    start: time,
    end: time,
    interval: z.string(),
    group: z.enum(groupings),
    series: z.array(series),
    compared: z
      .object({ start: time, end: time, series: z.array(series) })
      .optional()
      .openapi({ description: 'Series and rows in the same order as those of series' }),
    truncated: z.boolean().openapi({ description: 'Whether the limit left rows out' }),
  })
  .openapi('HomeHistory');

export const homeStatisticsAnswer = z
  .object({
    start: time,
    end: time,
    devices: z.record(
      z.string(),
      z.object({
        withheld: z.array(z.string()).optional(),
        metrics: z.record(z.string(), metricStatistics.omit({ p50: true, p95: true, p99: true })),
        energy_kwh: z.number().nullable(),
      }),
    ),
  })
  .openapi('HomeStatistics');

/** A question about several devices, but for which. */
export interface HomeRequest {
  readonly query: Omit<GroupQuery, 'groups'>;
  readonly start: string;
  readonly end: string;
  readonly interval: string;
  readonly group: Grouping;
  readonly compare: Comparison | undefined;
  readonly limit: number;
}

/** @throws HearthError `bad_request` naming the parameter at fault. */
export function readHomeRequest(
  parameters: z.infer<typeof homeQuery>,
  home: { readonly nowMs: number; readonly timeZone: string },
): HomeRequest {
  const { startUs, endUs } = readSpan(parameters, home.nowMs);
  const spanMs = (endUs - startUs) / 1000;
  const interval = parameters.interval ?? fittingInterval(spanMs);
  const intervalMs = readInterval(interval, spanMs) as number;
  const fields = readList(parameters.fields);
  const aggregates = readAggregates(parameters.agg);
  return {
    interval,
    start: isoOfMicroseconds(startUs),
    end: isoOfMicroseconds(endUs),
    group: parameters.group ?? 'device',
    compare: parameters.compare,
    limit: readLimit(parameters.limit, defaultLimit, mostRows),
    query: {
      startUs,
      endUs,
      intervalMs,
      timeZone: parameters.tz ?? home.timeZone,
      ...(fields && { fields }),
      ...(aggregates && { aggregates }),
      ...(parameters.fill === 'null' ? { fill: 'null' } : {}),
    },
  };
}

/** @throws HearthError `bad_request` naming `interval` when so many series would have too many rows. */
export function checkSize({ query }: HomeRequest, groups: number): void {
  const rows = ((query.endUs - query.startUs) / 1000 / query.intervalMs) * groups;
  if (rows <= mostCells) return;
  throw new HearthError('bad_request', `${groups} series would have ${Math.ceil(rows)} rows`, {
    field: 'interval',
    hint: `Ask for at most ${mostCells}: a wider interval, less time or fewer devices.`,
  });
}

const widths: readonly (readonly [text: string, ms: number])[] = [
  ['1m', 60_000],
  ['5m', 300_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['6h', 21_600_000],
  ['1d', 86_400_000],
  ['7d', 604_800_000],
];

/** A width that makes a few hundred buckets of a time. */
function fittingInterval(spanMs: number): string {
  const fitting = widths.find(([, ms]) => spanMs / ms <= 500);
  return (fitting ?? (widths.at(-1) as (typeof widths)[number]))[0];
}
