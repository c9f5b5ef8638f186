import { z } from '@hono/zod-openapi';
import { type Api, route, sightOf } from '#auth';
import type { Alerts } from './service.ts';
import { alertKinds } from './types.ts';

const alert = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    last_at: z.iso.datetime(),
    count: z.number().int(),
    kind: z.enum(alertKinds),
    device_id: z.string().nullable(),
    message: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('Alert');

export function alertRoutes(api: Api, alerts: Alerts): void {
  api.openapi(
    route('devices.read', {
      method: 'get',
      path: '/alerts',
      tags: ['alerts'],
      summary: 'What went wrong lately and needs someone to look, newest first',
      request: {
        query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      },
      responses: {
        200: {
          description: 'The alerts',
          content: { 'application/json': { schema: z.object({ alerts: z.array(alert) }) } },
        },
      },
    }),
    (context) => {
      const { limit } = context.req.valid('query');
      return context.json({ alerts: alerts.listFor(sightOf(context), limit) }, 200);
    },
  );
}
