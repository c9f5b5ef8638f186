import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HearthError } from '#kernel';
import { body, isoOf, json, selfOf, sessionAnswer } from '../answers.ts';
import { refuseForeignOrigin } from '../origin.ts';
import { type Api, type HearthEnv, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import { cookieLine, personAnswer, setCookies } from '../sign-in/cookies.ts';
import { presentedBy } from '../sign-in/presented.ts';
import { visitOf } from '../whence.ts';

/** What people do with their own account: join, password, sessions. */
export function ownAccountRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/register',
      tags: ['auth'],
      summary: 'Join this home, with an invitation',
      request: body(schema.registration),
      responses: { 201: json(schema.registered, 'The new account; sign in with it') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { email, password, name, full_name, invitation } = context.req.valid('json');
      const person = await auth.ownAccount.register(
        { email, password, name: name ?? full_name ?? '', invitation },
        visitOf(context),
      );
      const { id, role } = person;
      const created_at = isoOf(person.createdAtMs);
      return context.json(
        { id, email: person.email, name: person.name, full_name: person.name, created_at, role },
        201,
      );
    },
  );

  api.openapi(
    route('self.read', {
      method: 'get',
      path: '/auth/me',
      tags: ['auth'],
      summary: 'Who I am; a session lasts its full time again',
      responses: { 200: json(schema.callerAnswer, 'The caller') },
    }),
    (context) => {
      renewSession(context, auth);
      return context.json(callerAnswer(context, auth), 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'patch',
      path: '/auth/me',
      tags: ['auth'],
      summary: 'Change what I am called',
      request: body(schema.myChanges),
      responses: { 200: json(schema.callerAnswer, 'The caller') },
    }),
    (context) => {
      const { person } = selfOf(context, auth.people);
      const { name } = context.req.valid('json');
      const renamed = auth.ownAccount.rename(person, name, visitOf(context));
      return context.json(personAnswer(renamed), 200);
    },
  );

  passwordRoutes(api, auth);
  sessionRoutes(api, auth);
}

function passwordRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/password',
      tags: ['auth'],
      summary: 'Change my password; my other sessions end',
      request: body(schema.newPassword),
      responses: { 204: { description: 'Changed' } },
    }),
    async (context) => {
      const { person, sessionId } = selfOf(context, auth.people);
      const { current_password: current, new_password: next } = context.req.valid('json');
      await auth.ownAccount.changePassword(person, { current, next, sessionId }, visitOf(context));
      return context.body(null, 204);
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/password/forgot',
      tags: ['auth'],
      summary: 'Ask for a code by mail, where this home sends mail',
      request: body(schema.forgotten),
      responses: { 202: { description: 'Whether anybody has that email is not said' } },
    }),
    (context) => {
      refuseForeignOrigin(context.req.raw);
      auth.ownAccount.forgotPassword(context.req.valid('json').email, visitOf(context));
      return context.body(null, 202);
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/password/reset',
      tags: ['auth'],
      summary: 'Set a new password with a code; all my sessions end',
      request: body(schema.passwordReset),
      responses: { 204: { description: 'Set; sign in with it' } },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { code, new_password } = context.req.valid('json');
      await auth.ownAccount.resetPassword(code, new_password, visitOf(context));
      return context.body(null, 204);
    },
  );
}

function sessionRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('self.read', {
      method: 'get',
      path: '/auth/sessions',
      tags: ['auth'],
      summary: 'Where I am signed in',
      responses: {
        200: json(z.object({ sessions: z.array(schema.liveSession) }), 'The one used last first'),
      },
    }),
    (context) => {
      const { person, sessionId } = selfOf(context, auth.people);
      const sessions = auth.sessions.of(person.id);
      return context.json({ sessions: sessions.map((it) => sessionAnswer(it, sessionId)) }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'delete',
      path: '/auth/sessions/{id}',
      tags: ['auth'],
      summary: 'End one of my sessions',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 204: { description: 'Ended' } },
    }),
    (context) => {
      const { person } = selfOf(context, auth.people);
      const session = auth.sessions.get(context.req.valid('param').id);
      if (session === undefined || session.personId !== person.id) {
        throw new HearthError('not_found', 'you have no such session', {
          hint: 'GET /api/v1/auth/sessions lists them.',
        });
      }
      auth.signIns.signOut(session, visitOf(context));
      return context.body(null, 204);
    },
  );
}

/** Only whoever uses the cookie needs a new one. */
function renewSession(context: Context<HearthEnv>, auth: Auth): void {
  const caller = context.get('caller');
  const presented = presentedBy(context.req.raw.headers, context.req.url.startsWith('https:'));
  const isRenewed = caller?.kind === 'person' && auth.sessions.renew(caller.sessionId);
  const shows = isRenewed && presented?.by === 'cookie';
  setCookies(context, shows ? [cookieLine(presented.value)] : []);
}

function callerAnswer(context: Context<HearthEnv>, auth: Auth) {
  const caller = context.get('caller');
  // The guard of the route lets neither through; this is what tells the compiler.
  if (caller === undefined || caller.kind === 'device') throw new Error('no caller');
  const person = caller.kind === 'person' ? auth.people.get(caller.id) : undefined;
  if (person !== undefined) return personAnswer(person);
  const { id, name, role, kind } = caller;
  return { id, name, role, kind };
}
