import { z } from '@hono/zod-openapi';
import { isoOfMicroseconds } from '#kernel';
import { tiers } from '../worker/tiers/tiers.ts';
import type { Going, RetentionRule } from './types.ts';

/** What crosses the wire about retention. */

const time = z.string().openapi({ example: '2026-01-31T12:00:00.000Z' });
/** A hundred years. */
const mostDays = 36_500;
const days = z.number().int().min(1).max(mostDays);
const metricName = z.string().min(1).max(64);

const home = z.object({ raw_days: days, minute_days: days, hour_days: days, day_days: days });

export const rule = z
  .object({
    id: z.string(),
    device_id: z.string().nullable(),
    type: z.string().nullable(),
    metric: z.string().nullable().openapi({ description: 'null: every metric' }),
    raw_days: days.nullable(),
    minute_days: days.nullable(),
    hour_days: days.nullable(),
    day_days: days.nullable(),
  })
  .openapi('RetentionRule');

export const retentionAnswer = z
  .object({
    home: home.openapi({ description: 'What holds where no rule says otherwise' }),
    rules: z.array(rule),
  })
  .openapi('Retention');

export const newRule = z
  .strictObject({
    device_id: z.string().min(1).max(64).optional(),
    type: z.string().min(1).max(64).optional(),
    metric: metricName.optional(),
    raw_days: days.optional(),
    minute_days: days.optional(),
    hour_days: days.optional(),
    day_days: days.optional(),
  })
  .refine(({ device_id, type }) => (device_id === undefined) !== (type === undefined), {
    path: ['device_id'],
    message: 'or type has to be given, and not both',
  })
  .refine(
    ({ raw_days, minute_days, hour_days, day_days }) =>
      [raw_days, minute_days, hour_days, day_days].some((one) => one !== undefined),
    { path: ['raw_days'], message: 'or minute_days, hour_days or day_days has to be given' },
  )
  .openapi('NewRetentionRule', { example: { type: 'purifier', raw_days: 90 } });

export const ruleIdParam = z.object({
  id: z
    .string()
    .min(1)
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'purifier' }),
});

export const planQuery = z.object({
  days: z.coerce.number().int().min(0).max(3650).default(7).openapi({
    description: 'How far to look ahead; 0 for the next housekeeping alone',
  }),
  limit: z.coerce.number().int().min(1).max(100_000).default(1000),
});

const sum = z.object({ points: z.number().int(), bytes: z.number().int() });

export const planAnswer = z
  .object({
    at: time,
    days: z.number().int(),
    free_disk: z.object({
      free_bytes: z.number().nullable(),
      floor_bytes: z.number(),
    }),
    next: sum.openapi({ description: 'What goes with the next housekeeping' }),
    total: sum,
    going: z.array(
      z.object({
        in_days: z.number().int().openapi({
          description: '0: with the next housekeeping; else in so many days',
        }),
        reason: z.enum(['age', 'disk']),
        tier: z.enum(tiers),
        device_id: z.string(),
        metric: z.string(),
        start: time,
        end: time,
        points: z.number().int(),
        bytes: z.number().int(),
      }),
    ),
    truncated: z.boolean(),
  })
  .openapi('RetentionPlan');

export const deletionParam = z.object({
  id: z
    .string()
    .min(1)
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, description: 'The device', example: 'plug-1' }),
});

/** Strict: a word that is not known would leave a bound out, and more would go than was meant. */
export const deletionQuery = z.strictObject({
  start: z.string().optional().openapi({
    description: 'ISO 8601 (UTC without a zone), or relative to now such as -1h; the first reading',
  }),
  end: z.string().optional().openapi({
    description: 'Likewise, and not in it; up to and with the last reading by default',
  }),
  fields: z.string().optional().openapi({
    description: 'Metrics, separated by commas; all of them by default',
  }),
});

export const deletionAnswer = z
  .object({ deleted: z.number().int().openapi({ description: 'Readings that went' }) })
  .openapi('TelemetryDeletion');

export const ruleJson = ({ id, deviceId, type, metric, kept }: RetentionRule) => ({
  id,
  device_id: deviceId,
  type,
  metric,
  raw_days: kept.raw ?? null,
  minute_days: kept['1m'] ?? null,
  hour_days: kept['1h'] ?? null,
  day_days: kept['1d'] ?? null,
});

export const ruleOf = (body: z.infer<typeof newRule>): Omit<RetentionRule, 'id'> => ({
  deviceId: body.device_id ?? null,
  type: body.type ?? null,
  metric: body.metric ?? null,
  kept: {
    ...(body.raw_days !== undefined && { raw: body.raw_days }),
    ...(body.minute_days !== undefined && { '1m': body.minute_days }),
    ...(body.hour_days !== undefined && { '1h': body.hour_days }),
    ...(body.day_days !== undefined && { '1d': body.day_days }),
  },
});

export const goingJson = ({ inDays, device, startUs, endUs, ...rest }: Going) => ({
  in_days: inDays,
  reason: rest.reason,
  tier: rest.tier,
  device_id: device,
  metric: rest.metric,
  start: isoOfMicroseconds(startUs),
  end: isoOfMicroseconds(endUs),
  points: rest.points,
  bytes: rest.bytes,
});
