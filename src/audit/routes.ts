import { z } from '@hono/zod-openapi';
import { type Api, route } from '#auth';
import type { Audit } from './service.ts';

const auditRow = z
  .object({
    seq: z.number().int(),
    at: z.iso.datetime(),
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    outcome: z.string(),
    origin: z.string(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string().openapi({ description: 'SHA-256 over this row and the hash before it' }),
  })
  .openapi('AuditRow');

const filter = z.object({
  subject: z.string().max(200).optional().openapi({ example: 'device:kitchen-plug' }),
  action: z.string().max(100).optional().openapi({ example: 'command.create' }),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export function auditRoutes(api: Api, audit: Audit): void {
  api.openapi(
    route('security.read', {
      method: 'get',
      path: '/audit',
      tags: ['security'],
      summary: 'Who did what to what, newest first',
      request: { query: filter },
      responses: {
        200: {
          description: 'The rows',
          content: { 'application/json': { schema: z.object({ rows: z.array(auditRow) }) } },
        },
      },
    }),
    (context) => {
      const rows = audit.list(context.req.valid('query'));
      const shown = rows.map(({ atMs, ...row }) => ({ ...row, at: new Date(atMs).toISOString() }));
      return context.json({ rows: shown }, 200);
    },
  );
}
