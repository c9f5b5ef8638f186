import { z } from '@hono/zod-openapi';
import { HearthError, isHearthError, parseDurationMs } from '#kernel';
import { commandSources, commandStatuses, waitUntils } from './types.ts';

const time = z.iso.datetime();
const commandId = z.string().min(1).max(128);
const deviceId = z.string().min(1).max(64);

export const deviceIdParam = z.object({
  id: deviceId.openapi({ param: { name: 'id', in: 'path' }, example: 'kitchen-plug' }),
});
export const commandIdParam = z.object({
  id: commandId.openapi({ param: { name: 'id', in: 'path' } }),
});

const value = z
  .union([z.number(), z.boolean(), z.string(), z.null(), z.record(z.string(), z.unknown())])
  .openapi({
    description: 'What the action takes: a number, a boolean, a text, null or an object',
    example: 3,
  });
const duration = z
  .union([z.number(), z.string().max(40)])
  .openapi({ description: 'Seconds, or a duration such as "10m"', example: '10m' });
const key = z.string().max(1000).openapi({ description: '1 to 128 characters' });

export const newCommand = z
  .strictObject({
    action: z.string().min(1).max(64).openapi({ example: 'setFanSpeed' }),
    value: value.optional(),
    expiresIn: duration.optional().openapi({
      description:
        'Keep the command for a device that is away, this long: 1 s to 30 days. Without it a command ' +
        'is given up after the last attempt.',
    }),
    expires_in: duration.optional().openapi({ description: 'The same as expiresIn' }),
    idempotencyKey: key.optional(),
    idempotency_key: key.optional().openapi({ description: 'The same as idempotencyKey' }),
  })
  .openapi('NewCommand');
type NewCommand = z.infer<typeof newCommand>;

export const idempotencyHeader = z.object({ 'idempotency-key': key.optional() });

export const wait = z.object({
  wait: z.string().max(40).optional().openapi({
    description: 'Answer when it is over, or after this long: "5s", at most 60 s',
    example: '5s',
  }),
  until: z
    .enum(waitUntils)
    .default('settled')
    .openapi({
      description:
        'acknowledged: the wait is over with the answer of the device. settled: what the device then ' +
        'reports is waited for too, for a second.',
    }),
});

export const listQuery = z.object({
  status: z.enum(commandStatuses).optional(),
  before: commandId.optional().openapi({ description: "A command's id: only older ones" }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export const fullListQuery = listQuery.extend({ device_id: deviceId.optional() });

export const command = z
  .object({
    id: z.string(),
    device_id: z.string(),
    action: z.string(),
    value,
    value_hidden: z.literal(true).optional().openapi({
      description:
        'The value is an object, which those see who may control devices; here it is null',
    }),
    status: z.enum(commandStatuses),
    attempts: z.number().int(),
    created_at: time,
    expires_at: time,
    sent_at: time.nullable(),
    delivered_at: time.nullable(),
    acknowledged_at: time.nullable(),
    confirmed_at: time.nullable(),
    error: z.string().nullable(),
    source: z.enum(commandSources),
    requested_by: z.string(),
    batch_id: z.string().nullable(),
  })
  .openapi('Command');

export const commandWithHistory = command
  .extend({
    history: z.array(z.object({ at: time, event: z.string(), detail: z.string() })),
  })
  .openapi('CommandWithHistory');

/** The two spellings of a field are one. @throws HearthError `unprocessable` when both are given. */
function eitherOf<Value>(
  camel: Value | undefined,
  snake: Value | undefined,
  name: string,
): Value | undefined {
  if (camel === undefined || snake === undefined) return camel ?? snake;
  throw new HearthError('unprocessable', `${name} is given twice`, { field: name });
}

/** @throws HearthError `unprocessable`. */
export function expiresInMsOf({ expiresIn, expires_in }: NewCommand): number | undefined {
  const text = eitherOf(expiresIn, expires_in, 'expiresIn');
  return text === undefined ? undefined : durationMs(text, 'expiresIn', 'unprocessable');
}

/** From the body or the header `Idempotency-Key`. @throws HearthError `unprocessable`. */
export function keyOf(
  { idempotencyKey, idempotency_key }: NewCommand,
  header: string | undefined,
): string | undefined {
  // The draft standard writes the header as a quoted string; many leave the quotes out.
  const unquoted = header === undefined ? undefined : (/^"(.*)"$/.exec(header)?.[1] ?? header);
  const inBody = eitherOf(idempotencyKey, idempotency_key, 'idempotencyKey');
  if (inBody !== undefined && unquoted !== undefined && inBody !== unquoted) {
    throw new HearthError('unprocessable', 'idempotencyKey is another than the header says', {
      field: 'idempotencyKey',
    });
  }
  return inBody ?? unquoted;
}

const longestWaitMs = 60_000;

/** @throws HearthError `bad_request`. */
export function waitMsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const waitMs = durationMs(text, '?wait', 'bad_request');
  if (waitMs <= longestWaitMs) return waitMs;
  throw new HearthError('bad_request', `?wait is ${text}: it takes at most 60s`, {
    field: '?wait',
  });
}

function durationMs(
  duration: number | string,
  field: string,
  code: 'bad_request' | 'unprocessable',
): number {
  const isCount = typeof duration === 'number' || /^\d{1,9}$/.test(duration);
  if (isCount) return Number(duration) * 1000;
  try {
    return parseDurationMs(duration, field);
  } catch (error) {
    if (!isHearthError(error)) throw error;
    throw new HearthError(code, error.message, {
      field,
      hint: 'Write seconds, or a whole number and a unit: 30s, 5m, 1h, 7d.',
    });
  }
}
