import { z } from '@hono/zod-openapi';
import { HearthError, isoOfMicroseconds, parseDurationMs, parseTimeMs } from '#kernel';
import { thinnings } from './downsample.ts';
import { type Aggregate, aggregates, type TelemetryQuery } from './types.ts';
import { tiers } from './worker/tiers/tiers.ts';

/** What crosses the wire, both ways. */

export const defaultLimit = 10_000;
export const mostRows = 1_000_000;
const dayMs = 86_400_000;
const narrowestIntervalMs = 1000;
const widestIntervalMs = 366 * dayMs;
/** Two months of seconds; a home has no question that needs more. */
const mostBuckets = 5_000_000;

/** A chart has no more pixels. */
const mostChartPoints = 10_000;

export const value = z.union([z.number(), z.boolean(), z.string()]);
export const time = z.string().openapi({ example: '2026-01-31T12:00:00.000Z' });

export const deviceParam = z.object({
  id: z.string().min(1).max(64).openapi({ description: 'The device', example: 'plug-1' }),
});

const relativeTime = 'ISO 8601 (UTC without a zone), or relative to now such as -1h';

export const historyQuery = z.strictObject({
  start: z
    .string()
    .optional()
    .openapi({ description: `${relativeTime}; -24h by default` }),
  end: z
    .string()
    .optional()
    .openapi({ description: `${relativeTime}; now by default` }),
  interval: z.string().optional().openapi({
    description:
      'Width of a bucket, from 1s, such as 1m, 1h, 1d. Without it every reading is a row.',
  }),
  fields: z.string().optional().openapi({
    description: 'Metrics, separated by commas; all of them by default',
    example: 'power,voltage',
  }),
  agg: z
    .string()
    .optional()
    .openapi({
      description: `What a bucket tells: ${aggregates.join(', ')}; avg,min,max by default`,
    }),
  limit: z
    .string()
    .optional()
    .openapi({
      description: `Rows at most, up to ${mostRows}; ${defaultLimit} by default for JSON, all for CSV`,
    }),
  points: z
    .string()
    .optional()
    .openapi({
      description: `Rows at most for a chart, from 3 to ${mostChartPoints}: the highest and the lowest stay`,
    }),
  downsample: z.enum(thinnings).optional().openapi({
    description: 'How points are chosen: lttb keeps the shape (by default), minmax every swing',
  }),
  order: z.enum(['asc', 'desc']).optional().openapi({ description: 'By time; asc by default' }),
  tz: z.string().optional().openapi({
    description: "Time zone that days and hours of buckets mean; the home's by default",
    example: 'Europe/Berlin',
  }),
  fill: z.enum(['null', 'none']).optional().openapi({
    description: 'null: buckets without readings come too; by default they are left out',
  }),
  format: z.enum(['json', 'csv']).optional(),
});

export const historyAnswer = z
  .object({
    device_id: z.string(),
    start: time,
    end: time,
    interval: z.string().nullable(),
    withheld: z.array(z.string()).optional().openapi({
      description: 'Sensitive metrics that were asked for and that you may not see',
    }),
    data: z.array(z.object({ timestamp: time }).catchall(value.nullable())),
    total_points: z.number().int().openapi({ description: 'Rows in data' }),
    truncated: z.boolean().openapi({ description: 'Whether the limit left rows out' }),
  })
  .openapi('TelemetryHistory');

export const latestAnswer = z
  .object({ device_id: z.string(), timestamp: time })
  .catchall(value)
  .openapi('LatestTelemetry');

export const withheldHeader = z.object({
  'hearth-withheld': z.string().optional().openapi({
    description: 'Sensitive metrics that the caller may not see, by name, with commas',
  }),
});

export const statisticsQuery = historyQuery.pick({ start: true, end: true, fields: true });

export const metricStatistics = z.object({
  count: z.number().int(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  avg: z.number().nullable(),
  sum: z.number().nullable(),
  first: value.nullable(),
  last: value.nullable(),
  p50: z.number().nullable().openapi({
    description: 'p50, p95 and p99 need every reading: null where some have been summed up',
  }),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
});

export const statisticsAnswer = z
  .object({
    device_id: z.string(),
    start: time,
    end: time,
    withheld: z.array(z.string()).optional().openapi({
      description: 'Sensitive metrics that were asked for and that you may not see',
    }),
    metrics: z.record(z.string(), metricStatistics),
    energy_kwh: z.number().nullable().openapi({
      description:
        'Energy under the metric power (in watts), by trapezoids; gaps of more than 15 minutes count nothing',
    }),
  })
  .openapi('TelemetryStatistics');

const rejection = z.object({
  index: z.number().int().openapi({ description: 'Which reading of the batch' }),
  field: z.string(),
  reason: z.string(),
});

export const receiptAnswer = z
  .object({ accepted: z.number().int(), rejected: z.array(rejection) })
  .openapi('TelemetryReceipt');

export const quarantineQuery = z.object({
  device_id: z.string().optional(),
  limit: z.string().optional(),
});

export const quarantineAnswer = z
  .object({
    messages: z.array(
      z.object({
        id: z.number().int(),
        device_id: z.string(),
        received_at: time,
        source: z.string(),
        topic: z.string(),
        field: z.string(),
        reason: z.string(),
        payload: z.string(),
      }),
    ),
    devices: z
      .array(
        z.object({
          device_id: z.string(),
          refused: z.number().int(),
          over_rate: z.number().int(),
        }),
      )
      .openapi({
        description: 'Messages since the hub started that were refused, or came too fast',
      }),
    total: z.number().int(),
  })
  .openapi('Quarantine');

export const storageAnswer = z
  .object({
    status: z.enum(['ok', 'starting', 'failing']),
    problem: z.string().nullable(),
    committed_seq: z.number().int(),
    last_commit_ms: z.number(),
    waiting_points: z.number().int(),
    journal_batches: z.number().int(),
    journal_bytes: z.number().int(),
    tail_points: z.number().int(),
    files: z.number().int(),
    file_bytes: z.number().int(),
    points: z.number().int(),
    sealed_files: z.number().int(),
    tiers: z.array(
      z.object({
        tier: z.enum(['sealed', ...tiers]),
        files: z.number().int(),
        bytes: z.number().int(),
        points: z.number().int(),
      }),
    ),
    oldest: time.nullable(),
    newest: time.nullable(),
    incidents: z.array(z.object({ at: time, kind: z.string(), detail: z.string() })),
  })
  .openapi('Storage');

export type HistoryParameters = z.infer<typeof historyQuery>;

/** A history question as it was asked and as it is put to the store. */
export interface HistoryRequest {
  readonly query: TelemetryQuery;
  readonly start: string;
  readonly end: string;
  readonly interval: string | null;
  readonly format: 'json' | 'csv';
  /** Rows that are shown at most. */
  readonly limit: number;
}

/** Reads the parameters of a history request. @throws HearthError `bad_request` naming the one at fault. */
export function readHistoryRequest(
  deviceId: string,
  parameters: HistoryParameters,
  home: { readonly nowMs: number; readonly timeZone: string },
): HistoryRequest {
  const { startUs, endUs } = readSpan(parameters, home.nowMs);
  const format = parameters.format ?? 'json';
  const limit = readLimit(parameters.limit, format === 'csv' ? mostRows : defaultLimit, mostRows);
  const fields = readList(parameters.fields);
  const intervalMs = readInterval(parameters.interval, (endUs - startUs) / 1000);
  const named = readAggregates(parameters.agg);
  const points = readPoints(parameters);
  return {
    format,
    limit,
    start: isoOfMicroseconds(startUs),
    end: isoOfMicroseconds(endUs),
    interval: parameters.interval ?? null,
    query: {
      deviceId,
      startUs,
      endUs,
      timeZone: parameters.tz ?? home.timeZone,
      // One more than is shown tells whether there is more.
      limit: limit + 1,
      order: parameters.order ?? 'asc',
      ...(intervalMs === undefined ? {} : { intervalMs }),
      ...(fields === undefined ? {} : { fields }),
      ...(named === undefined ? {} : { aggregates: named }),
      ...(parameters.fill === 'null' ? { fill: 'null' } : {}),
      ...(points === undefined ? {} : { points, thinning: parameters.downsample ?? 'lttb' }),
    },
  };
}

/** Reads `start` and `end`; the last 24 hours by default. */
export function readSpan(
  parameters: { readonly start?: string | undefined; readonly end?: string | undefined },
  nowMs: number,
): { readonly startUs: number; readonly endUs: number } {
  const endMs = parameters.end === undefined ? nowMs : parseTimeMs(parameters.end, nowMs, 'end');
  const startMs =
    parameters.start === undefined ? endMs - dayMs : parseTimeMs(parameters.start, nowMs, 'start');
  if (startMs > endMs) {
    throw new HearthError('bad_request', `start (${parameters.start}) is after end`, {
      field: 'start',
      hint: 'Give a start that lies before the end.',
    });
  }
  return { startUs: startMs * 1000, endUs: endMs * 1000 };
}

/** Splits a list at its commas; `undefined` when there is nothing in it. */
export function readList(text: string | undefined): readonly string[] | undefined {
  const names = (text ?? '').split(',').flatMap((name) => name.trim() || []);
  return names.length === 0 ? undefined : [...new Set(names)];
}

export function readLimit(text: string | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw new HearthError('bad_request', `limit cannot be "${text.slice(0, 40)}"`, {
    field: 'limit',
    hint: `Write a whole number from 1 to ${most}.`,
  });
}

function readPoints({ points, downsample }: HistoryParameters): number | undefined {
  if (points === undefined) {
    if (downsample === undefined) return undefined;
    throw new HearthError('bad_request', 'downsample needs points', {
      field: 'downsample',
      hint: 'Say how many rows there may be, such as points=500.',
    });
  }
  const count = Number(points);
  if (Number.isInteger(count) && count >= 3 && count <= mostChartPoints) return count;
  throw new HearthError('bad_request', `points cannot be "${points.slice(0, 40)}"`, {
    field: 'points',
    hint: `Write a whole number from 3 to ${mostChartPoints}.`,
  });
}

export function readInterval(text: string | undefined, spanMs: number): number | undefined {
  if (text === undefined) return undefined;
  const intervalMs = parseDurationMs(text, 'interval');
  if (intervalMs < narrowestIntervalMs || intervalMs > widestIntervalMs) {
    throw new HearthError('bad_request', `interval cannot be "${text}"`, {
      field: 'interval',
      hint: 'Write a width from a second to a year, such as 1m or 1h.',
    });
  }
  if (spanMs / intervalMs > mostBuckets) {
    throw new HearthError('bad_request', `interval "${text}" is too narrow for so long a time`, {
      field: 'interval',
      hint: `Ask for at most ${mostBuckets} buckets: a wider interval, or less time.`,
    });
  }
  return intervalMs;
}

export function readAggregates(text: string | undefined): readonly Aggregate[] | undefined {
  const names = readList(text);
  const unknown = names?.find((name) => !(aggregates as readonly string[]).includes(name));
  if (unknown === undefined) return names as readonly Aggregate[] | undefined;
  throw new HearthError('bad_request', `agg cannot be "${unknown.slice(0, 40)}"`, {
    field: 'agg',
    hint: `Choose from ${aggregates.join(', ')}.`,
  });
}
