import { z } from '@hono/zod-openapi';
import { type Api, actorOf, route } from '#auth';
import type { AuthorityState } from '#pki';
import { json, optionalBody } from './openapi.ts';
import { authorityJson, finishRequest } from './schema.ts';
import type { Join } from './service.ts';
import { visitorOf } from './visitor.ts';

const tags = ['trust'];

/** `/ca`: the authority of this home, and how it is followed by another. */
export function caRoutes(api: Api, join: Join): void {
  api.openapi(
    route('secrets.manage', {
      method: 'get',
      path: '/ca',
      tags,
      summary: 'The authority, and the one before while both are trusted',
      responses: { 200: json('It', authorityJson) },
    }),
    (context) => context.json(stateJson(join.authority.state()), 200),
  );
  api.openapi(
    route('secrets.manage', {
      method: 'post',
      path: '/ca/rotate',
      tags,
      summary: 'Make a new authority; the old one stays trusted until that is finished',
      responses: { 200: json('Both', authorityJson) },
    }),
    async (context) => {
      const { origin } = visitorOf(context);
      await join.rotateAuthority({ actor: actorOf(context.get('caller')), origin });
      return context.json(stateJson(join.authority.state()), 200);
    },
  );
  api.openapi(
    route('secrets.manage', {
      method: 'post',
      path: '/ca/rotate/finish',
      tags,
      summary: 'Trust the new authority alone; refused while devices would be shut out',
      request: { body: optionalBody(finishRequest) },
      responses: {
        200: json('The new one', authorityJson.extend({ shut_out: z.array(z.string()) })),
      },
    }),
    async (context) => {
      const { force } = finishRequest.parse(context.req.valid('json'));
      const { origin } = visitorOf(context);
      const by = { actor: actorOf(context.get('caller')), origin };
      const shutOut = await join.finishRotation(force, by);
      return context.json({ ...stateJson(join.authority.state()), shut_out: [...shutOut] }, 200);
    },
  );
}

const stateJson = ({ name, fingerprint, notAfter, previous }: AuthorityState) => ({
  name,
  fingerprint,
  not_after: notAfter,
  previous: previous
    ? {
        fingerprint: previous.fingerprint,
        not_after: previous.notAfter,
        devices: [...previous.devices],
      }
    : null,
});
