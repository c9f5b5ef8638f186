import { z } from '@hono/zod-openapi';
import { type Api, route } from '#auth';
import { body, json } from './openapi.ts';
import type { Rooms } from './rooms.ts';
import { newRoom, room, roomChanges, roomIdParam } from './schema.ts';

const tags = ['rooms'];

export function roomRoutes(api: Api, rooms: Rooms): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/rooms',
      tags,
      summary: 'The rooms, in their order',
      responses: { 200: json('Them', z.object({ rooms: z.array(room) })) },
    }),
    (context) => context.json({ rooms: rooms.list() }, 200),
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/rooms',
      tags,
      summary: 'Add a room',
      request: { body: body(newRoom) },
      responses: { 201: json('Added', room) },
    }),
    (context) => context.json(rooms.create(context.req.valid('json')), 201),
  );
  api.openapi(
    route('devices.write', {
      method: 'patch',
      path: '/rooms/{id}',
      tags,
      summary: 'Rename or move a room',
      request: { params: roomIdParam, body: body(roomChanges) },
      responses: { 200: json('The room', room) },
    }),
    (context) =>
      context.json(rooms.update(context.req.valid('param').id, context.req.valid('json')), 200),
  );
  api.openapi(
    route('devices.write', {
      method: 'delete',
      path: '/rooms/{id}',
      tags,
      summary: 'Remove a room; its devices stay, in no room',
      request: { params: roomIdParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      rooms.remove(context.req.valid('param').id);
      return context.body(null, 204);
    },
  );
}
