import { z } from '@hono/zod-openapi';
import { type Api, type AuditPort, actorOf, originOf, route } from '#auth';

/** Who holds the key of all secrets; see `Secrets`. */
export interface KeyHolder {
  rotate(): Promise<string>;
}

/** `#secrets` knows no one, so its route is here. */
export function secretsRoutes(api: Api, secrets: KeyHolder, audit: AuditPort): void {
  api.openapi(
    route('secrets.manage', {
      method: 'post',
      path: '/secrets/rotate',
      tags: ['security'],
      summary: 'Make a new key and seal every secret with it; the key before it opens nothing',
      responses: {
        200: {
          description: 'Done: keep a copy of the new key file apart from the backups',
          content: { 'application/json': { schema: z.object({ key_id: z.string() }) } },
        },
      },
    }),
    async (context) => {
      const actor = actorOf(context.get('caller'));
      const row = {
        actor,
        action: 'secrets.rotate',
        subject: 'secrets',
        origin: originOf(context),
      };
      try {
        const keyId = await secrets.rotate();
        audit.append({ ...row, outcome: 'ok', detail: { key_id: keyId } });
        return context.json({ key_id: keyId }, 200);
      } catch (error) {
        audit.append({ ...row, outcome: 'failed' });
        throw error;
      }
    },
  );
}
