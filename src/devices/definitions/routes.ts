import { z } from '@hono/zod-openapi';
import { type Api, actorOf, route, type Sight, sightOf } from '#auth';
import { body, json } from '../openapi.ts';
import { deviceIdParam } from '../schema.ts';
import { deviceType, deviceTypeChange, newDeviceType, typeParam } from './schema.ts';
import { type Definitions, unknownType } from './service.ts';
import { shipped } from './shipped.ts';
import type { TypeDefinition } from './types.ts';

const tags = ['device types'];

/** What the routes need of the registry: the definition that applies to a device. */
interface Typed {
  readonly definitions: Definitions;
  definitionOf(deviceId: string): TypeDefinition;
  listFor(sight: Sight): readonly { readonly type: string }[];
}

export function typeRoutes(api: Api, devices: Typed): void {
  const { definitions } = devices;
  /** A type of the owner's own tells of the devices that it was made for. */
  const isSeen = (sight: Sight, wanted: string) =>
    sight.seesAll ||
    shipped.some(({ type }) => type === wanted) ||
    devices.listFor(sight).some(({ type }) => type === wanted);
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/device-types',
      tags,
      summary: 'What each type of device can do and tell; those that come with Hearth first',
      responses: { 200: json('They', z.object({ device_types: z.array(deviceType) })) },
    }),
    (context) => {
      const sight = sightOf(context);
      const list = definitions.list().filter(({ type }) => isSeen(sight, type));
      return context.json({ device_types: list }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/device-types',
      tags,
      summary: 'Add a type of your own; devices that carry its word follow it',
      request: { body: body(newDeviceType) },
      responses: { 201: json('Added', deviceType) },
    }),
    (context) =>
      context.json(definitions.add(context.req.valid('json'), actorOf(context.get('caller'))), 201),
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/device-types/{type}',
      tags,
      summary: 'One type',
      request: { params: typeParam },
      responses: { 200: json('The type', deviceType) },
    }),
    (context) => {
      const { type } = context.req.valid('param');
      if (!isSeen(sightOf(context), type)) throw unknownType(type);
      return context.json(definitions.get(type), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'put',
      path: '/device-types/{type}',
      tags,
      summary: 'Replace a type of your own; those that come with Hearth stay as they are',
      request: { params: typeParam, body: body(deviceTypeChange) },
      responses: { 200: json('The type', deviceType) },
    }),
    (context) => {
      const { type } = context.req.valid('param');
      const actor = actorOf(context.get('caller'));
      return context.json(definitions.put(type, context.req.valid('json'), actor), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'delete',
      path: '/device-types/{type}',
      tags,
      summary: 'Remove a type of your own; devices that carry its word are generic again',
      request: { params: typeParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      definitions.remove(context.req.valid('param').type, actorOf(context.get('caller')));
      return context.body(null, 204);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices/{id}/type',
      tags,
      summary: 'What this device can do and tell: the definition of its type, or the generic one',
      request: { params: deviceIdParam },
      responses: { 200: json('The type that applies', deviceType) },
    }),
    (context) => context.json(devices.definitionOf(context.req.valid('param').id), 200),
  );
}
