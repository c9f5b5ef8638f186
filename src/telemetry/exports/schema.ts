import { z } from '@hono/zod-openapi';
import type { Sight } from '#auth';
import { unknownDevice } from '#auth';
import { HearthError, parseDurationMs, parseTimeMs } from '#kernel';
import { exportFormats, partitions } from './types.ts';

/** What crosses the wire, both ways. */

const dayMs = 86_400_000;
const narrowestIntervalMs = 60_000;
const widestIntervalMs = 366 * dayMs;

const name = z.string().min(1).max(64);
const time = z.string().openapi({ example: '2026-01-31T12:00:00.000Z' });

export const newExport = z
  .strictObject({
    start: z.string().max(40).openapi({
      description: 'ISO 8601 (UTC without a zone), or relative to now such as -30d',
      example: '2026-01-01T00:00:00Z',
    }),
    end: z.string().max(40).default('now').openapi({ description: 'Before this; now by default' }),
    format: z.enum(exportFormats).openapi({
      description:
        'ha-statistics: hours as CSV, as the importers of Home Assistant take them; the others: the wide table',
    }),
    devices: z.array(name).min(1).max(10_000).optional().openapi({
      description: 'By id; all that you see by default',
    }),
    fields: z
      .array(name)
      .min(1)
      .max(1000)
      .optional()
      .openapi({ description: 'Metrics; all by default' }),
    interval: z.string().max(12).optional().openapi({
      description:
        'Sums over intervals of at least a minute instead of readings: <metric>_avg, _min, _max',
      example: '1h',
    }),
    partition: z.enum(partitions).default('date').openapi({
      description:
        "date: a file for each day of the home's calendar, date=2026-01-31/part-0.parquet; none: one file",
    }),
    out: z.string().min(1).max(4096).optional().openapi({
      description:
        'An absolute path of a folder on the machine of the hub: only through its control socket',
    }),
    s3: z.string().max(1200).optional().openapi({
      description: 'Storage that speaks S3, as the settings s3.… have it',
      example: 's3://my-home/history',
    }),
  })
  .openapi('NewExport');

export type NewExport = z.infer<typeof newExport>;

export const exportJob = z
  .object({
    id: z.string(),
    status: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    format: z.enum(exportFormats),
    start: time,
    end: time,
    interval: z.string().nullable(),
    partition: z.enum(partitions),
    devices: z.array(z.string()).nullable(),
    fields: z.array(z.string()).nullable(),
    destination: z.string().nullable().openapi({
      description: 'A folder or s3://…; null: the files are downloaded from here',
    }),
    sensitive: z
      .boolean()
      .openapi({ description: 'Whether values of sensitive metrics are in it' }),
    withheld: z.array(z.object({ device_id: z.string(), metrics: z.array(z.string()) })).openapi({
      description: 'Sensitive metrics that are not in it, for whoever asked may not see them',
    }),
    requested_by: z.string(),
    created_at: time,
    started_at: time.nullable(),
    ended_at: time.nullable(),
    progress: z.object({
      days_done: z.number().int(),
      days: z.number().int(),
      rows: z.number().int(),
      bytes: z.number().int(),
    }),
    problem: z
      .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
      .nullable(),
    files: z
      .array(z.object({ name: z.string(), rows: z.number().int(), bytes: z.number().int() }))
      .openapi({ description: 'What it is made of; of one job only' }),
  })
  .openapi('Export');

export const exportList = z.object({ exports: z.array(exportJob.omit({ files: true })) });

export const idParam = z.object({ id: z.string().min(1).max(64) });

export const fileParam = idParam.extend({
  name: z.string().min(1).max(100).openapi({
    description: 'As the job names it, its slash written %2F; or _manifest.json',
    example: 'date=2026-01-31%2Fpart-0.parquet',
  }),
});

/** The span that is meant. @throws HearthError naming what is wrong with it. */
export function spanOf(
  { start, end }: Pick<NewExport, 'start' | 'end'>,
  nowMs: number,
): { readonly startUs: number; readonly endUs: number } {
  const startMs = parseTimeMs(start, nowMs, 'start');
  // Clocks of devices may be a little ahead; nothing else lies in the future.
  const endMs = Math.min(parseTimeMs(end, nowMs, 'end'), nowMs + dayMs);
  if (endMs <= startMs) {
    throw new HearthError('bad_request', 'end is not after start', { field: 'end' });
  }
  return { startUs: startMs * 1000, endUs: endMs * 1000 };
}

/** The interval as it was written. @throws HearthError naming what is wrong with it. */
export function intervalOf({ interval, format }: NewExport): string | null {
  if (interval === undefined) return null;
  if (format === 'ha-statistics') {
    throw new HearthError(
      'bad_request',
      'interval goes with the wide table, not with ha-statistics',
      {
        field: 'interval',
        hint: 'Statistics of Home Assistant are those of hours.',
      },
    );
  }
  const intervalMs = parseDurationMs(interval, 'interval');
  if (intervalMs < narrowestIntervalMs || intervalMs > widestIntervalMs) {
    throw new HearthError('bad_request', `interval is not from 1m to 366d: "${interval}"`, {
      field: 'interval',
    });
  }
  return interval;
}

/** The devices that are meant, by id. @throws HearthError `not_found` for one that is not there to be seen. */
export function devicesOf(
  { devices }: NewExport,
  all: readonly { readonly id: string }[],
  sight: Sight,
): string[] {
  const seen = all.map(({ id }) => id).filter((id) => sight.sees(id));
  const unknown = devices?.find((id) => !seen.includes(id));
  if (unknown !== undefined) throw unknownDevice(unknown);
  return [...new Set(devices ?? seen)].sort();
}
