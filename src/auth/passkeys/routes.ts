import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { body, isoOf, json } from '../answers.ts';
import { refuseForeignOrigin } from '../origin.ts';
import { type Api, type HearthEnv, route } from '../routing.ts';
import { session } from '../schema.ts';
import { answerSession, keepNoCopy } from '../sign-in/cookies.ts';
import { pageVisitOf } from '../sign-in/page-visit.ts';
import { personOf } from '../sign-in/presence.ts';
import { ceremonyTimeoutMs } from './ceremony.ts';
import { availabilityAt } from './page.ts';
import * as schema from './schema.ts';
import type { Passkeys } from './service.ts';
import type { Passkey } from './types.ts';

const tags = ['passkeys'];
const expiresInSeconds = ceremonyTimeoutMs / 1000;
const byId = z.object({ id: z.string().max(64) });

/** Adds the routes of passkeys, relative to `/api/v1`. */
export function passkeyRoutes(api: Api, passkeys: Passkeys): void {
  availabilityRoute(api);
  signInRoutes(api, passkeys);
  ownRoutes(api, passkeys);
}

function availabilityRoute(api: Api): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/auth/passkeys/available',
      tags,
      summary: 'Whether passkeys work on a page of this address, and if not, why',
      responses: { 200: json(schema.availability, 'Whether they do') },
    }),
    (context) => {
      const found = availabilityAt(pageVisitOf(context));
      const reason = found.available ? null : found.reason;
      return context.json({ available: found.available, reason }, 200);
    },
  );
}

function signInRoutes(api: Api, passkeys: Passkeys): void {
  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/passkeys/login/options',
      tags,
      summary: 'Begin to sign in with a passkey',
      responses: { 200: json(schema.requestOptions, 'What to ask the browser for') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { challengeId, options } = await passkeys.beginSignIn(pageVisitOf(context));
      keepNoCopy(context);
      return context.json(
        { challenge_id: challengeId, options, expires_in: expiresInSeconds },
        200,
      );
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/passkeys/login',
      tags,
      summary: 'Sign in with a passkey',
      request: body(schema.signIn),
      responses: { 200: json(session, 'Signed in, as by /auth/login') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { challenge_id, response } = context.req.valid('json');
      const signedIn = await passkeys.signIn(challenge_id, response, pageVisitOf(context));
      return context.json(answerSession(context, signedIn), 200);
    },
  );
}

function ownRoutes(api: Api, passkeys: Passkeys): void {
  api.openapi(
    route('self.read', {
      method: 'get',
      path: '/auth/passkeys',
      tags,
      summary: 'My passkeys',
      responses: { 200: json(schema.passkeys, 'Oldest first') },
    }),
    (context) => {
      const { id } = personOf(context.get('caller'));
      const answers = passkeys.of(id).map((passkey) => passkeyAnswer(passkey, context));
      return context.json({ passkeys: answers }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/passkeys/options',
      tags,
      summary: 'Begin to make a passkey',
      request: body(schema.askOptions),
      responses: { 200: json(schema.creationOptions, 'What to ask the browser for') },
    }),
    async (context) => {
      const present = personOf(context.get('caller'));
      const { password } = context.req.valid('json');
      const options = await passkeys.beginRegistration(present, password, pageVisitOf(context));
      keepNoCopy(context);
      return context.json({ options, expires_in: expiresInSeconds }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/passkeys',
      tags,
      summary: 'Keep a passkey that the browser made',
      request: body(schema.newPasskey),
      responses: { 201: json(schema.passkey, 'The passkey') },
    }),
    async (context) => {
      const present = personOf(context.get('caller'));
      const { name, response } = context.req.valid('json');
      const passkey = await passkeys.register(present, name, response, pageVisitOf(context));
      return context.json(passkeyAnswer(passkey, context), 201);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'patch',
      path: '/auth/passkeys/{id}',
      tags,
      summary: 'Rename a passkey of mine',
      request: { params: byId, ...body(schema.renamedPasskey) },
      responses: { 200: json(schema.passkey, 'The passkey') },
    }),
    (context) => {
      const present = personOf(context.get('caller'));
      const { name } = context.req.valid('json');
      const { id } = context.req.valid('param');
      const passkey = passkeys.rename(present, id, name, pageVisitOf(context));
      return context.json(passkeyAnswer(passkey, context), 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'delete',
      path: '/auth/passkeys/{id}',
      tags,
      summary: 'Remove a passkey of mine',
      request: { params: byId },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      const present = personOf(context.get('caller'));
      passkeys.remove(present, context.req.valid('param').id, pageVisitOf(context));
      return context.body(null, 204);
    },
  );
}

function passkeyAnswer(passkey: Passkey, context: Context<HearthEnv>) {
  const here = availabilityAt(pageVisitOf(context));
  return {
    id: passkey.id,
    name: passkey.name,
    rp_id: passkey.rpId,
    usable_here: here.available && here.rpId === passkey.rpId,
    transports: [...passkey.transports],
    created_at: isoOf(passkey.createdAtMs),
    last_used_at: passkey.lastUsedAtMs === undefined ? null : isoOf(passkey.lastUsedAtMs),
  };
}
