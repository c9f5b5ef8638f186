import { z } from '@hono/zod-openapi';
import { body, dashboardOf, doerOf, isoOf, json, mayBody, sessionAnswer } from '../answers.ts';
import { type Api, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import { keepNoCopy } from '../sign-in/cookies.ts';

const params = z.object({ id: z.string().max(64) });

/** How others get in. */
export function peopleAccessRoutes(api: Api, auth: Auth): void {
  const { household, peopleAccess, sessions } = auth;

  api.openapi(
    route('people.manage', {
      method: 'post',
      path: '/people/{id}/reset-password',
      tags: ['people'],
      summary: 'Make a code with which somebody sets a new password',
      request: { params, ...mayBody(schema.ownPassword) },
      responses: { 201: json(schema.resetCode, 'The code, shown this once') },
    }),
    async (context) => {
      const person = household.get(context.req.valid('param').id);
      const { password } = context.req.valid('json');
      const by = doerOf(context);
      const { code, expiresAtMs } = await peopleAccess.offerReset(person, by, password);
      keepNoCopy(context);
      const url = `${dashboardOf(context, auth)}/#/reset?code=${code}`;
      return context.json({ code, url, expires_at: isoOf(expiresAtMs) }, 201);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'put',
      path: '/people/{id}/password',
      tags: ['people'],
      summary: 'Set the password of somebody; all their sessions end',
      request: { params, ...body(schema.chosenPassword) },
      responses: { 204: { description: 'Set' } },
    }),
    async (context) => {
      const person = household.get(context.req.valid('param').id);
      const { new_password, password } = context.req.valid('json');
      await peopleAccess.setPassword(person, new_password, doerOf(context), password);
      return context.body(null, 204);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'delete',
      path: '/people/{id}/2fa',
      tags: ['people'],
      summary: 'Remove the authenticator app of somebody who has lost it',
      request: { params, ...mayBody(schema.ownPassword) },
      responses: { 204: { description: 'Removed' } },
    }),
    async (context) => {
      const person = household.get(context.req.valid('param').id);
      const { password } = context.req.valid('json');
      await peopleAccess.removeSecondFactor(person, doerOf(context), password);
      return context.body(null, 204);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'get',
      path: '/people/{id}/sessions',
      tags: ['people'],
      summary: 'Where somebody is signed in',
      request: { params },
      responses: {
        200: json(z.object({ sessions: z.array(schema.liveSession) }), 'The one used last first'),
      },
    }),
    (context) => {
      const { id } = household.get(context.req.valid('param').id);
      const caller = context.get('caller');
      const currentId = caller?.kind === 'person' ? caller.sessionId : undefined;
      const shown = sessions.of(id).map((session) => sessionAnswer(session, currentId));
      return context.json({ sessions: shown }, 200);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'delete',
      path: '/people/{id}/sessions',
      tags: ['people'],
      summary: 'Sign somebody out everywhere; they may sign in again',
      request: { params },
      responses: { 204: { description: 'Ended' } },
    }),
    (context) => {
      peopleAccess.signOut(household.get(context.req.valid('param').id), doerOf(context));
      return context.body(null, 204);
    },
  );
}
