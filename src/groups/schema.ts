import { z } from '@hono/zod-openapi';
import { type Command, waitUntils } from '#commands';
import { combinedStatuses } from './types.ts';

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters');
const time = z.iso.datetime();
const id = z.string().min(1).max(64);
const action = z.string().min(1).max(64).openapi({ example: 'turnOff' });
const value = z.union([
  z.number(),
  z.boolean(),
  z.string().max(1000),
  z.null(),
  z.record(z.string(), z.unknown()),
]);

export const groupIdParam = z.object({
  id: id.openapi({ param: { name: 'id', in: 'path' }, example: 'downstairs' }),
});
export const sceneIdParam = z.object({
  id: id.openapi({ param: { name: 'id', in: 'path' }, example: 'good-night' }),
});
export const batchIdParam = z.object({
  batch_id: id.openapi({ param: { name: 'batch_id', in: 'path' } }),
});

export const group = z
  .object({
    id: z.string(),
    name: z.string(),
    devices: z.array(z.string()).readonly(),
    created_at: time,
    updated_at: time,
  })
  .openapi('Group');

export const newGroup = z
  .strictObject({
    name: name.openapi({ example: 'Downstairs' }),
    devices: z.array(id).max(200).optional(),
  })
  .openapi('NewGroup');
export type NewGroup = z.infer<typeof newGroup>;
export const groupChanges = newGroup.partial().openapi('GroupChanges');
export type GroupChanges = z.infer<typeof groupChanges>;

const sceneCommand = z
  .object({
    device_id: z.string().nullable(),
    group_id: z.string().nullable(),
    action: z.string(),
    value,
    value_hidden: z.literal(true).optional().openapi({
      description:
        'The value is an object, which those see who may control devices; here it is null',
    }),
  })
  .openapi('SceneCommand');
export const scene = z
  .object({
    id: z.string(),
    name: z.string(),
    commands: z.array(sceneCommand).readonly(),
    created_at: time,
    updated_at: time,
  })
  .openapi('Scene');

const newSceneCommand = z
  .strictObject({
    device_id: id.nullable().optional(),
    group_id: id.nullable().optional(),
    action,
    value: value.optional(),
  })
  .refine(({ device_id, group_id }) => (device_id == null) !== (group_id == null), {
    message: 'give either device_id or group_id',
  });
export const newScene = z
  .strictObject({
    name: name.openapi({ example: 'Good night' }),
    commands: z.array(newSceneCommand).min(1).max(100),
  })
  .openapi('NewScene');
export type NewScene = z.infer<typeof newScene>;
export const sceneChanges = newScene.partial().openapi('SceneChanges');
export type SceneChanges = z.infer<typeof sceneChanges>;

const duration = z
  .union([
    z.number().int().min(1),
    z.string().regex(/^\d{1,9}(ms|s|m|h|d|w)?$/, 'is not a duration: 10m'),
  ])
  .openapi({ description: 'How long to keep it for a device that is away: 10m, or seconds' });
const key = z
  .string()
  .min(1)
  .max(128)
  .openapi({ description: 'The same key within a day is the same run, not another one' });
const wishes = {
  expiresIn: duration.optional(),
  expires_in: duration.optional().openapi({ description: 'The same as expiresIn' }),
  idempotencyKey: key.optional(),
  idempotency_key: key.optional().openapi({ description: 'The same as idempotencyKey' }),
};
export const runWishes = z.strictObject(wishes).openapi('RunWishes');
export type SpokenWishes = z.infer<typeof runWishes>;
export const groupCommand = z
  .strictObject({ action, value: value.optional(), ...wishes })
  .openapi('GroupCommand');

export const waitQuery = z.object({
  wait: z.string().max(12).optional().openapi({
    description: 'Answer once it is over, after that long at most: 5s, up to 60s',
    example: '5s',
  }),
  until: z
    .enum(waitUntils)
    .default('settled')
    .openapi({
      description:
        'acknowledged: the wait is over with the answers of the devices. settled: what they then ' +
        'report is waited for too, for a second.',
    }),
});

export const run = z
  .object({
    batch_id: z.string(),
    status: z.enum(combinedStatuses).openapi({
      description:
        'pending while any command is under way; then done when every device took its command, ' +
        'failed when none did, partly otherwise. A refusal counts as a command that failed.',
    }),
    commands: z.array(z.custom<Command>().openapi({ type: 'object' })).readonly(),
    refused: z
      .array(z.object({ device_id: z.string(), code: z.string(), message: z.string() }))
      .readonly(),
  })
  .openapi('Run');
