import { z } from '@hono/zod-openapi';
import { HearthError } from '#kernel';
import type { NewShare, Share, ShareTarget } from './types.ts';

const id = z.string().min(1).max(64);
const access = z.enum(['read', 'control']);

export const idParam = z.object({ id: id.openapi({ param: { name: 'id', in: 'path' } }) });

export const shareQuery = z.object({
  person_id: id.optional(),
  device_id: id.optional(),
  room: id.optional(),
});

export const newShare = z
  .strictObject({
    person_id: id,
    device_id: id.optional().openapi({ example: 'guest-room-lamp' }),
    room: id.optional().openapi({
      description: 'Instead of a device: all that stands in the room, also later',
    }),
    access: access.openapi({ description: 'control includes read' }),
    until: z.iso.datetime({ offset: true }).nullable().optional().openapi({
      description: 'When it ends by itself; without it, when somebody ends it',
      example: '2026-07-05T20:00:00Z',
    }),
  })
  .openapi('NewShare');

export const share = z
  .object({
    id: z.string(),
    person_id: z.string(),
    device_id: z.string().nullable(),
    room: z.string().nullable(),
    access,
    until: z.iso.datetime().nullable(),
    given_by: z.string(),
    created_at: z.iso.datetime(),
  })
  .openapi('Share');

/** @throws HearthError `unprocessable` when it names no target, or two. */
export function readNewShare(body: z.infer<typeof newShare>): NewShare {
  const { person_id: personId, access, until } = body;
  const untilMs = until === undefined || until === null ? undefined : Date.parse(until);
  return { personId, target: readTarget(body), access, untilMs };
}

function readTarget({ device_id, room }: z.infer<typeof newShare>): ShareTarget {
  if (device_id !== undefined && room === undefined) return { kind: 'device', id: device_id };
  if (room !== undefined && device_id === undefined) return { kind: 'room', id: room };
  throw new HearthError('unprocessable', 'a share is of one device or of one room', {
    field: 'device_id',
    hint: 'Give either device_id or room.',
  });
}

export const shareJson = (given: Share): z.infer<typeof share> => ({
  id: given.id,
  person_id: given.personId,
  device_id: given.target.kind === 'device' ? given.target.id : null,
  room: given.target.kind === 'room' ? given.target.id : null,
  access: given.access,
  until: given.untilMs === undefined ? null : new Date(given.untilMs).toISOString(),
  given_by: given.givenBy,
  created_at: new Date(given.createdAtMs).toISOString(),
});
