import { type Api, route } from '#auth';
import { byCaller } from './by.ts';
import { body, json } from './openapi.ts';
import { deviceIdParam, sensitiveAnswer, sensitiveMetrics } from './schema.ts';
import type { Devices } from './service.ts';

const tags = ['devices'];
const appliesTo =
  'Readings from now on. Those that are stored already stay on disk as they are until they are ' +
  'past retention; they too are shown only to whoever may read what is sensitive.';

/** Which metrics of a device are kept encrypted. */
export function sensitiveRoutes(api: Api, devices: Devices): void {
  const answer = (id: string) => ({
    metrics: [...devices.sensitive.declaredOf(id)],
    of_type: [...devices.sensitive.ofTypeOf(id)],
    applies_to: appliesTo,
  });
  api.openapi(
    route('devices.write', {
      method: 'get',
      path: '/devices/{id}/sensitive',
      tags,
      summary: 'Which metrics of the device are kept encrypted and shown to few',
      request: { params: deviceIdParam },
      responses: { 200: json('They', sensitiveAnswer) },
    }),
    (context) => {
      const { id } = devices.get(context.req.valid('param').id);
      return context.json(answer(id), 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'put',
      path: '/devices/{id}/sensitive',
      tags,
      summary: 'Declare which metrics of the device are kept encrypted and shown to few',
      description:
        `${appliesTo} What the device publishes on MQTT is passed on to nobody while it has ` +
        'such metrics.',
      request: { params: deviceIdParam, body: body(sensitiveMetrics) },
      responses: { 200: json('They', sensitiveAnswer) },
    }),
    (context) => {
      const { id } = context.req.valid('param');
      devices.declareSensitive(id, context.req.valid('json').metrics, byCaller(context));
      return context.json(answer(id), 200);
    },
  );
}
