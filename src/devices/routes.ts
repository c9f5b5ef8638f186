import { z } from '@hono/zod-openapi';
import { type Api, type Caller, may, route, sightOf } from '#auth';
import { byCaller } from './by.ts';
import { typeRoutes } from './definitions/routes.ts';
import { denialJson, deviceFor, previousKeyJson } from './device-json.ts';
import { identityRoutes } from './identity-routes.ts';
import { body, json, optionalBody } from './openapi.ts';
import { roomRoutes } from './room-routes.ts';
import {
  denial,
  device,
  deviceChanges,
  deviceIdParam,
  deviceWithKeys,
  newDevice,
  withApiKey,
} from './schema.ts';
import { sensitiveRoutes } from './sensitive-routes.ts';
import type { Devices } from './service.ts';

const tags = ['devices'];

/** Everything under `/devices`, `/device-types`, `/denials` and `/rooms` that this slice answers. */
export function deviceRoutes(api: Api, devices: Devices): void {
  // Words come before ids: `/devices/status` is not a device (see reservedDeviceIds).
  ownRoutes(api, devices);
  registryRoutes(api, devices);
  identityRoutes(api, devices);
  sensitiveRoutes(api, devices);
  denialRoutes(api, devices);
  roomRoutes(api, devices);
  typeRoutes(api, devices);
}

/** What a device asks about itself, with its own key. */
function ownRoutes(api: Api, devices: Devices): void {
  api.openapi(
    route('device', {
      method: 'post',
      path: '/devices/heartbeat',
      tags,
      summary: 'Say that the device is alive; may carry firmware_version and other state',
      request: {
        body: optionalBody(z.record(z.string(), z.unknown())),
      },
      responses: {
        200: json('Heard', z.object({ status: z.literal('ok'), timestamp: z.string() })),
      },
    }),
    (context) => {
      const status = devices.heartbeat(ownId(context.get('caller')), context.req.valid('json'));
      return context.json({ status: 'ok' as const, timestamp: status.last_seen ?? '' }, 200);
    },
  );
  api.openapi(
    route('device', {
      method: 'get',
      path: '/devices/status',
      tags,
      summary: 'The device itself, as the hub sees it',
      responses: { 200: json('The device', device) },
    }),
    (context) => {
      const own = devices.get(ownId(context.get('caller')));
      return context.json(deviceFor(sightOf(context), own), 200);
    },
  );
}

function registryRoutes(api: Api, devices: Devices): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices',
      tags,
      summary: 'Every device, by id',
      responses: {
        200: json('The devices', z.object({ devices: z.array(device), total: z.number() })),
      },
    }),
    (context) => {
      const list = devices.listFor(sightOf(context));
      return context.json({ devices: list, total: list.length }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/devices',
      tags,
      summary: 'Add a device',
      request: { body: body(newDevice) },
      responses: { 201: json('Added', z.object({ device }).extend(withApiKey.shape)) },
    }),
    (context) => {
      const { device, apiKey } = devices.create(context.req.valid('json'), byCaller(context));
      return context.json({ device: deviceFor(sightOf(context), device), api_key: apiKey }, 201);
    },
  );
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices/{id}',
      tags,
      summary: 'One device; for whoever may change it, with its old API key while that works',
      request: { params: deviceIdParam },
      responses: { 200: json('The device', deviceWithKeys) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      const previous = may(context.get('caller'), 'devices.write')
        ? devices.proofs.previousApiKeyOf(id)
        : undefined;
      const keys = previous && { previous_api_key: previousKeyJson(previous) };
      return context.json({ ...deviceFor(sightOf(context), devices.get(id)), ...keys }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'patch',
      path: '/devices/{id}',
      tags,
      summary: 'Change what is known of a device; disabling it ends its connections',
      request: { params: deviceIdParam, body: body(deviceChanges) },
      responses: { 200: json('The device', device) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      const changed = devices.update(id, context.req.valid('json'), byCaller(context));
      return context.json(deviceFor(sightOf(context), changed), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'delete',
      path: '/devices/{id}',
      tags,
      summary: 'Remove a device with its readings, certificates and key',
      request: { params: deviceIdParam },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      devices.remove(context.req.valid('param').id, byCaller(context));
      return context.body(null, 204);
    },
  );
}

function denialRoutes(api: Api, devices: Devices): void {
  api.openapi(
    route('security.read', {
      method: 'get',
      path: '/devices/{id}/denials',
      tags: ['security'],
      summary: 'What a device last tried and was refused, newest first',
      request: { params: deviceIdParam },
      responses: { 200: json('Them', z.object({ denials: z.array(denial) })) },
    }),
    (context) => {
      const denials = devices.denialsOf(context.req.valid('param').id);
      return context.json({ denials: denials.map(denialJson) }, 200);
    },
  );
  api.openapi(
    route('security.read', {
      method: 'get',
      path: '/denials',
      tags: ['security'],
      summary: 'What was last refused to anyone, newest first',
      responses: {
        200: json(
          'Them, and how many attempts of nobody known since the hub started',
          z.object({ denials: z.array(denial), unknown: z.number() }),
        ),
      },
    }),
    (context) => {
      const { denials, unknown } = devices.denials();
      return context.json({ denials: denials.map(denialJson), unknown }, 200);
    },
  );
}

/** The guard let nobody but a device through. */
const ownId = (caller: Caller | undefined): string => caller?.id ?? '';
