import { type Api, actorOf, route } from '#auth';
import { deviceIdParam, deviceSigning, signingKeys } from './schema.ts';
import type { Signing } from './service.ts';

const tags = ['signing'];

/** The hub's public keys, and what is agreed with each device, relative to `/api/v1`. */
export function signingRoutes(api: Api, signing: Signing): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/signing-keys',
      tags,
      summary: "The hub's public keys: what its commands are checked with and boxes are made for",
      responses: {
        200: {
          description: 'They never change',
          content: { 'application/json': { schema: signingKeys } },
        },
      },
    }),
    (context) => context.json(signing.publicKeys(), 200),
  );
  const shown = {
    200: {
      description: 'What is agreed with the device',
      content: { 'application/json': { schema: deviceSigning } },
    },
  };
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/devices/{id}/signing',
      tags,
      summary: 'What a device signs and encrypts, and how the hub signs for it',
      request: { params: deviceIdParam },
      responses: shown,
    }),
    (context) => context.json(signing.settingsOf(context.req.valid('param').id), 200),
  );
  api.openapi(
    route('devices.write', {
      method: 'put',
      path: '/devices/{id}/signing',
      tags,
      summary: 'Say what a device signs and encrypts, and how the hub signs for it',
      description:
        'Counts from the next message on. Everything is said; nothing is left as it was.',
      request: {
        params: deviceIdParam,
        body: { required: true, content: { 'application/json': { schema: deviceSigning } } },
      },
      responses: shown,
    }),
    (context) => {
      const { id } = context.req.valid('param');
      const actor = actorOf(context.get('caller'));
      return context.json(signing.agree(id, context.req.valid('json'), actor), 200);
    },
  );
}
