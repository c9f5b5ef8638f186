import { z } from '@hono/zod-openapi';
import { importFormats } from './types.ts';

const time = z.string().openapi({ example: '2026-01-31T12:00:00.000Z' });
const path = z.string().min(1).max(4096);

export const newImport = z
  .strictObject({
    path: path.openapi({
      description: 'A file or a folder of the machine that the hub runs on; absolute',
      example: '/home/ada/history',
    }),
    format: z.enum(importFormats).optional().openapi({
      description: 'By the names of the files when it is not said',
    }),
    device_id: z.string().min(1).max(64).optional().openapi({
      description: 'Whose readings they are, where a table has no column device_id',
    }),
    device_map: z
      .record(z.string().min(1).max(256), z.string().min(1).max(129))
      .optional()
      .openapi({
        description:
          'Where something goes: an entity, a device or device.metric of the file to device.metric here',
        example: { 'sensor.meter_2': 'boiler.power' },
      }),
    as_readings: z.boolean().optional().openapi({
      description:
        'Takes an export with an interval in too: its sums become metrics, power_avg and so on',
    }),
  })
  .openapi('NewImport');

export const idParam = z.object({
  id: z.string().min(1).max(64).openapi({ description: 'The job' }),
});

export const importJob = z
  .object({
    id: z.string(),
    status: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    path: z.string(),
    format: z.enum(importFormats),
    files: z.number().int(),
    requested_by: z.string(),
    created_at: time,
    ended_at: time.nullable(),
    progress: z
      .object({ done: z.number(), total: z.number() })
      .openapi({ description: 'Bytes that were read; of a database rows' }),
    readings: z.number().int().openapi({ description: 'Values that are on disk' }),
    devices: z.array(z.string()),
    skipped: z.number().int().openapi({ description: 'Values, or rows, that were left out' }),
    reasons: z
      .array(z.object({ where: z.string(), reason: z.string(), count: z.number().int() }))
      .openapi({ description: 'Why, the first twenty reasons, each where it was met first' }),
    unmatched: z
      .array(z.string())
      .openapi({ description: 'What device_map names and the files do not have' }),
    problem: z
      .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
      .nullable(),
  })
  .openapi('Import');

export const importList = z.object({ imports: z.array(importJob) });
