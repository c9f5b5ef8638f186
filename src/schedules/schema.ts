import { z } from '@hono/zod-openapi';
import { causeKinds } from './resolve.ts';

const line = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters');
const id = z.string().min(1).max(64);
const value = z.union([
  z.number(),
  z.boolean(),
  z.string().max(1000),
  z.null(),
  z.record(z.string(), z.unknown()),
]);
const time = z.iso.datetime();

export const scheduleIdParam = z.object({
  id: id.openapi({ param: { name: 'id', in: 'path' } }),
});
export const deviceIdParam = z.object({
  id: id.openapi({ param: { name: 'id', in: 'path' }, example: 'bedroom-purifier' }),
});

const endAction = z
  .union([
    z.null(),
    z.literal('default'),
    z.strictObject({ action: z.string().min(1).max(64), value: value.optional() }),
  ])
  .openapi({
    description:
      "What is done when a window ends: default is what turns the device's type off, null leaves it as it is",
  });

export const scheduleInput = z
  .strictObject({
    name: line(100).nullable().optional(),
    device_id: id.nullable().optional(),
    group_id: id.nullable().optional(),
    enabled: z.boolean().optional(),
    kind: z.enum(['weekly', 'once', 'cron']).optional().openapi({
      description: 'Follows from the other fields; what was read may be sent back with it',
    }),
    days: z
      .union([z.string().max(100), z.array(z.string().max(20)).min(1).max(14)])
      .optional()
      .openapi({
        description:
          'daily, weekdays, weekends, mon-fri, or days: ["mon", "tue"]. Without it: daily',
        example: 'weekdays',
      }),
    day: z.string().max(20).optional().openapi({ description: 'One day', example: 'monday' }),
    start: z.string().max(40).optional().openapi({
      description: 'HH:MM at home, or sunrise or sunset with an offset of up to six hours',
      example: '18:00',
    }),
    end: z.string().max(40).optional().openapi({ example: 'sunset+00:30' }),
    at: z.string().max(40).optional().openapi({
      description: 'Once: a time at home, or ISO 8601 with a zone',
      example: '2026-12-24T18:00',
    }),
    until: z.string().max(40).nullable().optional().openapi({
      description: 'Makes a window of at',
    }),
    cron: z.string().max(100).optional().openapi({
      description: 'Minute, hour, day of the month, month, day of the week; at home',
      example: '30 7 * * 1-5',
    }),
    duration_minutes: z.number().nullable().optional().openapi({
      description: 'Makes windows of what cron says',
    }),
    action: z.string().min(1).max(64).optional().openapi({ example: 'turnOn' }),
    value: value.optional(),
    fanSpeed: z.number().optional().openapi({ description: 'The same as action setFanSpeed' }),
    end_action: endAction.optional(),
  })
  .openapi('ScheduleInput');
export type ScheduleInput = z.infer<typeof scheduleInput>;

const edge = z.enum(['start', 'end', 'once']);

const deviceRun = z.object({
  device_id: z.string(),
  outcome: z.enum(['sent', 'already', 'pending', 'overridden', 'left', 'failed']).openapi({
    description:
      'already: the device was so. overridden: an override, a newer word or another schedule has ' +
      'precedence. left: the device is left as it is.',
  }),
  command_id: z.string().nullable(),
  error: z.string().optional(),
});

export const run = z
  .object({
    at: time,
    edge,
    outcome: z.enum(['done', 'missed']),
    count: z.number().int().openapi({
      description: 'How many edges it stands for: those missed while the hub was off are one row',
    }),
    command_id: z.string().nullable(),
    devices: z.array(deviceRun).readonly(),
  })
  .openapi('ScheduleRun');

const nextRun = z.object({
  at: time,
  local: z.string(),
  edge,
  device_ids: z.array(z.string()).readonly().optional(),
  action: z.string().nullable(),
  value,
});

export const schedule = z
  .object({
    id: z.string(),
    name: z.string(),
    device_id: z.string().nullable(),
    group_id: z.string().nullable(),
    enabled: z.boolean(),
    kind: z.enum(['weekly', 'once', 'cron']),
    days: z.array(z.string()).readonly().optional(),
    start: z.string().optional(),
    end: z.string().optional(),
    at: z.string().optional(),
    until: z.string().nullable().optional(),
    cron: z.string().optional(),
    duration_minutes: z.number().int().nullable().optional(),
    action: z.string(),
    value,
    end_action: z.object({ action: z.string(), value }).nullable(),
    created_at: time,
    updated_at: time,
    next_runs: z.array(nextRun).readonly(),
    last_run: run.nullable(),
    problem: z.string().nullable().openapi({
      description: 'Why it cannot speak as the hub is set now',
    }),
  })
  .openapi('Schedule');
export type ScheduleJson = z.infer<typeof schedule>;
export type RunJson = z.infer<typeof run>;

export const scheduleMade = schedule
  .extend({
    overlaps: z.array(z.string()).openapi({
      description:
        'Other enabled schedules of the same devices with windows at the same time; of those that ' +
        'are open the one that began last holds',
    }),
  })
  .openapi('ScheduleMade');
export type ScheduleMade = z.infer<typeof scheduleMade>;

export const why = z
  .object({
    device_id: z.string(),
    at: time,
    holds: z
      .union([
        z.object({ action: z.string(), value }),
        z.object({ state: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])) }),
        z.null(),
      ])
      .openapi({ description: 'What should hold; null when the device is left as it is' }),
    because: z.object({
      kind: z.enum(causeKinds),
      id: z.string().nullable(),
      name: z.string().nullable(),
      text: z.string(),
    }),
    since: time.nullable(),
    until: time.nullable().openapi({
      description: 'The next edge of any of its schedules, or the end of its override',
    }),
    next: z.object({ at: time, text: z.string() }).nullable(),
    considered: z.array(
      z.object({
        kind: z.enum(['override', 'manual', 'restore', 'schedule']),
        id: z.string(),
        name: z.string().nullable(),
        text: z.string(),
        holds: z.boolean(),
      }),
    ),
    reported: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
    agrees: z.enum(['agrees', 'differs', 'unknown']).nullable().openapi({
      description: 'Whether what the device reports is what should hold; null when nothing should',
    }),
    settled: z.boolean().openapi({
      description: 'Whether the device took what should hold, or was so already',
    }),
  })
  .openapi('Why');
export type WhyJson = z.infer<typeof why>;
