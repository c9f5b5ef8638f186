import { z } from '@hono/zod-openapi';
import { type Api, actorOf, type Caller, originOf, route } from '#auth';
import type { Command } from '#commands';
import {
  deviceIdParam,
  newOverride,
  override,
  overrideEnd,
  readNewEnd,
  readNewOverride,
} from './schema.ts';
import type { Overrides } from './service.ts';

const tags = ['overrides'];
const path = '/devices/{id}/override';

const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** `command` is as `GET /commands/{id}` shows it. */
const begun = override.extend({ command: z.custom<Command | null>().openapi({ type: 'object' }) });

export function overrideRoutes(api: Api, overrides: Overrides): void {
  api.openapi(
    route('devices.control', {
      method: 'post',
      path,
      tags,
      summary: 'Do something for a while, then give back what should hold by then',
      request: { params: deviceIdParam, body: body(newOverride) },
      responses: {
        201: json('It runs; command is what was sent, null when the device was so already', begun),
      },
    }),
    (context) => {
      const { override, command } = overrides.begin(context.req.valid('param').id, {
        ...readNewOverride(context.req.valid('json')),
        ...askerOf(context),
      });
      return context.json({ ...override, command }, 201);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path,
      tags,
      summary: 'The override that runs, with the time that is left',
      request: { params: deviceIdParam },
      responses: { 200: json('It', override) },
    }),
    (context) => context.json(overrides.get(context.req.valid('param').id), 200),
  );
  api.openapi(
    route('devices.control', {
      method: 'patch',
      path,
      tags,
      summary: 'Let it end later, or so many minutes from now',
      request: { params: deviceIdParam, body: body(overrideEnd) },
      responses: { 200: json('With its new end', override) },
    }),
    (context) => {
      const end = readNewEnd(context.req.valid('json'));
      const asker = askerOf(context);
      return context.json(overrides.change(context.req.valid('param').id, end, asker), 200);
    },
  );
  api.openapi(
    route('devices.control', {
      method: 'delete',
      path,
      tags,
      summary: 'End it before its time',
      request: { params: deviceIdParam },
      responses: { 200: json('Cancelled', override) },
    }),
    (context) => {
      const asker = askerOf(context);
      return context.json(overrides.cancel(context.req.valid('param').id, asker), 200);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices/{id}/overrides',
      tags,
      summary: 'The last hundred overrides of a device, newest first',
      request: { params: deviceIdParam },
      responses: { 200: json('Them', z.object({ overrides: z.array(override) })) },
    }),
    (context) => {
      const list = overrides.list(context.req.valid('param').id);
      return context.json({ overrides: list }, 200);
    },
  );
}

interface Asked {
  readonly env: unknown;
  get(key: 'caller'): Caller | undefined;
}

const askerOf = (context: Asked) => ({
  requestedBy: actorOf(context.get('caller')),
  origin: originOf(context),
});
