import { z } from '@hono/zod-openapi';
import { type Api, actorOf, type Caller, originOf, route } from '#auth';
import {
  configState,
  configVersion,
  deviceIdParam,
  newConfig,
  ownConfig,
  reportedVersion,
} from './schema.ts';
import type { DeviceConfig } from './service.ts';

const tags = ['configuration'];

const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** Documents may hold secrets, so looking at one asks for more than reading. */
export function configRoutes(api: Api, deviceConfig: DeviceConfig): void {
  ownRoutes(api, deviceConfig);
  api.openapi(
    route('devices.control', {
      method: 'get',
      path: '/devices/{id}/config',
      tags,
      summary: 'What a device should be configured as, and what it says it is',
      request: { params: deviceIdParam },
      responses: { 200: json('Both', configState) },
    }),
    (context) => context.json(deviceConfig.get(context.req.valid('param').id), 200),
  );
  api.openapi(
    route('devices.write', {
      method: 'put',
      path: '/devices/{id}/config',
      tags,
      summary: 'Set the document; it is sent until the device reports its version',
      request: { params: deviceIdParam, body: body(newConfig) },
      responses: { 200: json('As it stands now', configState) },
    }),
    (context) => {
      const { config, base_version } = context.req.valid('json');
      const requestedBy = actorOf(context.get('caller'));
      const request = { config, baseVersion: base_version, requestedBy, origin: originOf(context) };
      return context.json(deviceConfig.set(context.req.valid('param').id, request), 200);
    },
  );
  api.openapi(
    route('devices.control', {
      method: 'get',
      path: '/devices/{id}/config/history',
      tags,
      summary: 'The last fifty versions with who set them and when, newest first',
      request: { params: deviceIdParam },
      responses: { 200: json('Them', z.object({ versions: z.array(configVersion) })) },
    }),
    (context) =>
      context.json({ versions: deviceConfig.history(context.req.valid('param').id) }, 200),
  );
}

/** What a device asks and says about itself, with its own key. */
function ownRoutes(api: Api, deviceConfig: DeviceConfig): void {
  const path = '/devices/config';
  api.openapi(
    route('device', {
      method: 'get',
      path,
      tags,
      summary: 'What the device that asks should be configured as; 404 when nothing was set',
      responses: { 200: json('It', ownConfig) },
    }),
    (context) => {
      const { version, config } = deviceConfig.desiredOf(ownId(context.get('caller')));
      return context.json({ version, config }, 200);
    },
  );
  api.openapi(
    route('device', {
      method: 'put',
      path,
      tags,
      summary: 'Say which version the device has',
      request: { body: body(reportedVersion) },
      responses: { 200: json('As it stands now', configState) },
    }),
    (context) => {
      const { version } = context.req.valid('json');
      return context.json(deviceConfig.report(ownId(context.get('caller')), version), 200);
    },
  );
}

/** The guard let nobody but a device through. */
const ownId = (caller: Caller | undefined): string => caller?.id ?? '';
