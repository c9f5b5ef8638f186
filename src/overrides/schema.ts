import { z } from '@hono/zod-openapi';
import { HearthError } from '#kernel';
import { type NewEnd, type OverrideRequest, overrideStatuses } from './types.ts';

export const leastMinutes = 0.1;
export const mostMinutes = 1440;

const minutesRange = `it must be ${leastMinutes} to ${mostMinutes} minutes`;
const minutes = z
  .number(minutesRange)
  .min(leastMinutes, minutesRange)
  .max(mostMinutes, minutesRange);
const fanRange = 'it must be a whole number from 0 to 5';
const scalar = z.union([z.number(), z.boolean(), z.string().max(1000)]);

export const deviceIdParam = z.object({
  id: z
    .string()
    .min(1)
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'bedroom-purifier' }),
});

export const newOverride = z
  .strictObject({
    fanSpeed: z
      .number(fanRange)
      .int(fanRange)
      .min(0, fanRange)
      .max(5, fanRange)
      .optional()
      .openapi({ description: 'Short for action setFanSpeed with this value', example: 5 }),
    action: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .openapi({ description: "Any action of the device's type that leaves a state behind" }),
    value: scalar.nullable().optional(),
    durationMinutes: minutes.optional().openapi({ example: 10 }),
    duration_minutes: minutes.optional(),
  })
  .openapi('NewOverride');

export const overrideEnd = z
  .strictObject({
    extendMinutes: minutes.optional().openapi({ description: 'So much later than planned' }),
    extend_minutes: minutes.optional(),
    durationMinutes: minutes.optional().openapi({ description: 'So long from now' }),
    duration_minutes: minutes.optional(),
  })
  .openapi('OverrideEnd');

const time = z.iso.datetime();
export const override = z
  .object({
    id: z.string(),
    device_id: z.string(),
    action: z.string(),
    value: z.unknown(),
    status: z.enum(overrideStatuses),
    started_at: time,
    ends_at: time,
    remaining_seconds: z.number().int().nullable().openapi({
      description: 'Null while the clock of the hub is behind and nobody knows',
    }),
    previous: z
      .record(z.string(), scalar)
      .nullable()
      .openapi({
        description:
          'What the device said before the first override of a row of them, or what it was to be ' +
          'like and was not yet, and gets back at the end. Null when it had said nothing: then it is switched off at the end, if its type can ' +
          'be, and otherwise left as it is.',
      }),
    requested_by: z.string(),
    command_id: z.string().nullable(),
    ended_at: time.nullable(),
    ended_because: z.string().nullable(),
  })
  .openapi('Override');

/** Reads what is to be done and for how long. @throws HearthError `unprocessable` naming the field. */
export function readNewOverride(
  body: z.infer<typeof newOverride>,
): Pick<OverrideRequest, 'action' | 'durationMs'> {
  const durationMs = oneDuration(body, ['durationMinutes', 'duration_minutes']).ms;
  const { fanSpeed, action, value } = body;
  if (fanSpeed === undefined) {
    if (action === undefined) throw missing('action', 'Say fanSpeed, or action and its value.');
    return { action: { action, value }, durationMs };
  }
  for (const field of ['action', 'value'] as const) {
    if (body[field] === undefined) continue;
    throw new HearthError('unprocessable', `${field} does not go with fanSpeed`, {
      field,
      hint: 'Say fanSpeed alone, or action and its value.',
    });
  }
  return { action: { action: 'setFanSpeed', value: fanSpeed }, durationMs };
}

/** Reads a new end. @throws HearthError `unprocessable` naming the field. */
export function readNewEnd(body: z.infer<typeof overrideEnd>): NewEnd {
  const fields = [
    'extendMinutes',
    'extend_minutes',
    'durationMinutes',
    'duration_minutes',
  ] as const;
  const { field, ms } = oneDuration(body, fields);
  return field.startsWith('extend') ? { extendMs: ms } : { durationMs: ms };
}

function oneDuration<Field extends string>(
  body: { readonly [field in Field]?: number | undefined },
  fields: readonly Field[],
): { field: Field; ms: number } {
  const [field, second] = fields.filter((name) => body[name] !== undefined);
  if (field === undefined) {
    throw missing(fields[0] ?? '', `Say ${leastMinutes} to ${mostMinutes} minutes.`);
  }
  if (second !== undefined) {
    throw new HearthError('unprocessable', `${second} does not go with ${field}`, {
      field: second,
      hint: 'Say one of the two.',
    });
  }
  return { field, ms: Math.round((body[field] ?? 0) * 60_000) };
}

const missing = (field: string, hint: string): HearthError =>
  new HearthError('unprocessable', `${field} is missing`, { field, hint });
