import { z } from '@hono/zod-openapi';
import { type Api, actorOf, type Caller, route, type Sight, seesEvery, sightOf } from '#auth';
import type { Book } from './book.ts';
import { namesFor } from './names-for.ts';
import { unknownSchedule } from './record.ts';
import type { Requester } from './registry.ts';
import {
  deviceIdParam,
  run,
  type ScheduleJson,
  schedule,
  scheduleIdParam,
  scheduleInput,
  scheduleMade,
  type WhyJson,
  why,
} from './schema.ts';
import type { Schedules } from './service.ts';

const tags = ['schedules'];

const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** A schedule for a group is there for whoever sees the whole group. */
export function scheduleRoutes(api: Api, schedules: Schedules, book: Book): void {
  const isSeen = (sight: Sight, { device_id: deviceId, group_id: groupId }: ScheduleJson) =>
    seesEvery(sight, book.devicesOf({ deviceId, groupId }));
  registryRoutes(api, schedules);
  lookRoutes(api, {
    listFor: (sight, deviceId) => schedules.list(deviceId).filter((one) => isSeen(sight, one)),
    getFor: (sight, id) => {
      const found = schedules.get(id);
      if (!isSeen(sight, found)) throw unknownSchedule(id);
      return found;
    },
    history: (id, limit) => schedules.history(id, limit),
    whyFor: (sight, deviceId) => schedules.why(deviceId, namesFor(sight, book)),
  });
}

interface Shown extends Pick<Schedules, 'history'> {
  whyFor(sight: Sight, deviceId: string): WhyJson;
  listFor(sight: Sight, deviceId: string | undefined): ScheduleJson[];
  /** @throws HearthError `not_found`, also when not all that it is for is seen. */
  getFor(sight: Sight, id: string): ScheduleJson;
}

function registryRoutes(api: Api, schedules: Schedules): void {
  api.openapi(
    route('schedules.write', {
      method: 'post',
      path: '/schedules',
      tags,
      summary: 'Make a schedule',
      description:
        'Give days, start and end for windows of the week; at (and until) for once; cron (and ' +
        'duration_minutes) for anything else. Times are those of the home. One that is made inside ' +
        'its own window begins at once.',
      request: { body: body(scheduleInput) },
      responses: {
        201: json('Made', scheduleMade),
        422: { description: 'Something in it cannot be; field says what' },
      },
    }),
    (context) => {
      const made = schedules.create(context.req.valid('json'), requesterOf(context));
      return context.json(made, 201);
    },
  );
  api.openapi(
    route('schedules.write', {
      method: 'patch',
      path: '/schedules/{id}',
      tags,
      summary: 'Change a schedule, or switch it on or off',
      description:
        'What is given changes. One that is switched on or changed inside its own window begins ' +
        'then; one that is switched off leaves the device as it is.',
      request: { params: scheduleIdParam, body: body(scheduleInput) },
      responses: {
        200: json('As it is now', scheduleMade),
        422: { description: 'Something in it cannot be; field says what' },
      },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      const made = schedules.update(id, context.req.valid('json'), requesterOf(context));
      return context.json(made, 200);
    },
  );
  api.openapi(
    route('schedules.write', {
      method: 'delete',
      path: '/schedules/{id}',
      tags,
      summary: 'Remove a schedule; the devices are left as they are',
      request: { params: scheduleIdParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      schedules.remove(context.req.valid('param').id, requesterOf(context));
      return context.body(null, 204);
    },
  );
}

function lookRoutes(api: Api, schedules: Shown): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/schedules',
      tags,
      summary: 'Every schedule with its next five edges, in the order they were made',
      request: {
        query: z.object({
          device_id: z.string().max(64).optional().openapi({
            description: "Only a device's, its groups' included",
          }),
        }),
      },
      responses: { 200: json('Them', z.object({ schedules: z.array(schedule) })) },
    }),
    (context) => {
      const { device_id: deviceId } = context.req.valid('query');
      return context.json({ schedules: schedules.listFor(sightOf(context), deviceId) }, 200);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/schedules/{id}',
      tags,
      summary: 'One schedule',
      request: { params: scheduleIdParam },
      responses: { 200: json('It', schedule) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      return context.json(schedules.getFor(sightOf(context), id), 200);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/schedules/{id}/history',
      tags,
      summary: 'What became of its edges, newest first; 200 of the last 30 days are kept',
      request: {
        params: scheduleIdParam,
        query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(100) }),
      },
      responses: { 200: json('Its runs', z.object({ runs: z.array(run) })) },
    }),
    (context) => {
      const { limit } = context.req.valid('query');
      const { id } = schedules.getFor(sightOf(context), context.req.valid('param').id);
      return context.json({ runs: schedules.history(id, limit) }, 200);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices/{id}/why',
      tags,
      summary: 'What should hold for a device now, and why',
      request: { params: deviceIdParam },
      responses: { 200: json('Why', why) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      return context.json(schedules.whyFor(sightOf(context), id), 200);
    },
  );
}

interface Asked {
  readonly env: unknown;
  get(key: 'caller'): Caller | undefined;
}

/** Who asks, and from where. */
function requesterOf(context: Asked): Requester {
  // What `http` lays beside each request; there is none for one made in-process.
  const { door, remoteAddress = '' } = (context.env ?? {}) as {
    readonly door?: string;
    readonly remoteAddress?: string;
  };
  return {
    actor: actorOf(context.get('caller')),
    origin: door === 'socket' ? 'control socket' : remoteAddress,
  };
}
