import { z } from '@hono/zod-openapi';
import { type Api, route, type Sight, sightOf } from '#auth';
import { byCaller } from './by.ts';
import { body, json } from './openapi.ts';
import type { Rooms } from './rooms.ts';
import { newRoom, room, roomChanges, roomIdParam } from './schema.ts';

const tags = ['rooms'];

/** What the routes need of the registry: where devices stand. */
interface Placed {
  readonly rooms: Rooms;
  devicesIn(roomId: string): readonly string[];
}

export function roomRoutes(api: Api, devices: Placed): void {
  const { rooms } = devices;
  /** A room that holds nothing for somebody is none of theirs. */
  const isSeen = (sight: Sight, roomId: string) =>
    sight.seesAll || devices.devicesIn(roomId).some((id) => sight.sees(id));
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/rooms',
      tags,
      summary: 'The rooms, in their order',
      responses: { 200: json('Them', z.object({ rooms: z.array(room) })) },
    }),
    (context) => {
      const sight = sightOf(context);
      return context.json({ rooms: rooms.list().filter(({ id }) => isSeen(sight, id)) }, 200);
    },
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
    (context) => context.json(rooms.create(context.req.valid('json'), byCaller(context)), 201),
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
    (context) => {
      const { id } = context.req.valid('param');
      return context.json(rooms.update(id, context.req.valid('json'), byCaller(context)), 200);
    },
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
      rooms.remove(context.req.valid('param').id, byCaller(context));
      return context.body(null, 204);
    },
  );
}
