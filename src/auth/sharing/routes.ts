import { z } from '@hono/zod-openapi';
import { actorOf, type Caller } from '../access.ts';
import { type Api, route } from '../routing.ts';
import { originOf } from '../whence.ts';
import { idParam, newShare, readNewShare, share, shareJson, shareQuery } from './schema.ts';
import type { Shares } from './service.ts';
import type { Requester, Share } from './types.ts';

const tags = ['sharing'];

const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});
const shareList = z.object({ shares: z.array(share) });
const listJson = (shares: readonly Share[]) => ({ shares: shares.map(shareJson) });

/** Who gets to see what, relative to `/api/v1`. */
export function shareRoutes(api: Api, shares: Shares): void {
  api.openapi(
    route('shares.manage', {
      method: 'get',
      path: '/shares',
      tags,
      summary: 'What is shared with whom now, in the order it was given',
      request: { query: shareQuery },
      responses: { 200: json('Them', shareList) },
    }),
    (context) => {
      const { person_id: personId, device_id: deviceId, room } = context.req.valid('query');
      return context.json(listJson(shares.list({ personId, deviceId, room })), 200);
    },
  );
  api.openapi(
    route('shares.manage', {
      method: 'post',
      path: '/shares',
      tags,
      summary: 'Share a device or a room with a guest, to look at or to control',
      description:
        'Counts at once, also on what they have open. What was shared of the same device or room ' +
        'with the same person is replaced.',
      request: {
        body: { required: true, content: { 'application/json': { schema: newShare } } },
      },
      responses: {
        201: json('Given', share),
        422: { description: 'There is no such person, device or room, or they see everything' },
      },
    }),
    (context) => {
      const given = shares.give(readNewShare(context.req.valid('json')), requesterOf(context));
      return context.json(shareJson(given), 201);
    },
  );
  api.openapi(
    route('shares.manage', {
      method: 'delete',
      path: '/shares/{id}',
      tags,
      summary: 'End a share at once',
      request: { params: idParam },
      responses: { 204: { description: 'Ended' } },
    }),
    (context) => {
      shares.end(context.req.valid('param').id, requesterOf(context));
      return context.body(null, 204);
    },
  );
  api.openapi(
    route('shares.manage', {
      method: 'get',
      path: '/people/{id}/shares',
      tags,
      summary: 'What is shared with one person',
      request: { params: idParam },
      responses: { 200: json('Them', shareList) },
    }),
    (context) => {
      const { id: personId } = context.req.valid('param');
      shares.requirePerson(personId);
      return context.json(listJson(shares.list({ personId })), 200);
    },
  );
}

interface Asked {
  readonly env: unknown;
  get(key: 'caller'): Caller | undefined;
}

const requesterOf = (context: Asked): Requester => ({
  actor: actorOf(context.get('caller')),
  origin: originOf(context),
});
