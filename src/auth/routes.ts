import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HearthError } from '#kernel';
import type { Caller } from './access.ts';
import type { CredentialRecord } from './credentials.ts';
import { refuseForeignOrigin } from './origin.ts';
import { type Api, type HearthEnv, route } from './routing.ts';
import * as schema from './schema.ts';
import type { Auth, Origin } from './service.ts';
import type { SignedIn } from './sessions.ts';
import type { TokenRecord } from './tokens.ts';
import { remoteAddressOf } from './whence.ts';

/** Adds the routes of people and programs, relative to `/api/v1`. */
export function routes(api: Api, auth: Auth): void {
  setupRoutes(api, auth);
  sessionRoutes(api, auth);
  tokenRoutes(api, auth);
  credentialRoutes(api, auth);
}

function setupRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/setup',
      tags: ['set-up'],
      summary: 'Whether the hub waits for its owner',
      responses: { 200: json(schema.setupState, 'The state of the set-up') },
    }),
    (context) => context.json({ needed: auth.setupCode() !== undefined, home: auth.homeName }, 200),
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/setup',
      tags: ['set-up'],
      summary: 'Become the owner, once, with the code that the hub printed',
      request: body(schema.newOwner),
      responses: { 201: json(schema.session, 'The owner, signed in') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw.headers);
      const signedIn = await auth.setUp(context.req.valid('json'), originOf(context));
      setCookies(context, signedIn.cookies);
      return context.json(sessionAnswer(signedIn, auth), 201);
    },
  );
}

function sessionRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/login',
      tags: ['auth'],
      summary: 'Sign in',
      request: body(schema.signIn),
      responses: { 200: json(schema.session, 'Signed in, by cookie and as Bearer') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw.headers);
      const { email, password } = context.req.valid('json');
      const signedIn = await auth.signIn(email, password, originOf(context));
      setCookies(context, signedIn.cookies);
      return context.json(sessionAnswer(signedIn, auth), 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/logout',
      tags: ['auth'],
      summary: 'End this session',
      responses: { 204: { description: 'Ended' } },
    }),
    async (context) => {
      setCookies(context, await auth.signOut(context.req.raw.headers));
      return context.body(null, 204);
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
    async (context) => {
      const caller = context.get('caller');
      if (caller?.kind === 'person') {
        setCookies(context, await auth.renewSession(context.req.raw.headers));
      }
      return context.json(callerAnswer(caller, auth), 200);
    },
  );
}

function tokenRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('tokens.manage', {
      method: 'get',
      path: '/tokens',
      tags: ['tokens'],
      summary: 'Every API token, revoked ones too',
      responses: { 200: json(z.object({ tokens: z.array(schema.token) }), 'The tokens') },
    }),
    (context) => context.json({ tokens: auth.tokens.list().map(tokenAnswer) }, 200),
  );

  api.openapi(
    route('tokens.manage', {
      method: 'post',
      path: '/tokens',
      tags: ['tokens'],
      summary: 'Make an API token',
      request: body(schema.newToken),
      responses: { 201: json(schema.createdToken, 'The token, shown this once') },
    }),
    (context) => {
      const { name, role, expiresIn } = context.req.valid('json');
      const created = auth.tokens.create({
        name,
        role,
        ...(expiresIn === undefined ? {} : { expiresIn }),
      });
      keepNoCopy(context);
      return context.json({ ...tokenAnswer(created), token: created.token }, 201);
    },
  );

  api.openapi(
    route('tokens.manage', {
      method: 'delete',
      path: '/tokens/{id}',
      tags: ['tokens'],
      summary: 'Revoke an API token, for good',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 204: { description: 'Revoked' } },
    }),
    (context) => {
      if (!auth.tokens.revoke(context.req.valid('param').id)) {
        throw new HearthError('not_found', 'there is no such token, or it is revoked already', {
          hint: 'GET /api/v1/tokens lists them.',
        });
      }
      return context.body(null, 204);
    },
  );
}

function credentialRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('credentials.manage', {
      method: 'get',
      path: '/credentials',
      tags: ['credentials'],
      summary: 'Every MQTT user name',
      responses: {
        200: json(z.object({ credentials: z.array(schema.credential) }), 'The credentials'),
      },
    }),
    (context) => context.json({ credentials: auth.credentials.list().map(credentialAnswer) }, 200),
  );

  api.openapi(
    route('credentials.manage', {
      method: 'post',
      path: '/credentials',
      tags: ['credentials'],
      summary: 'Make an MQTT user name and password',
      request: body(schema.newCredential),
      responses: { 201: json(schema.createdCredential, 'The credential, shown this once') },
    }),
    async (context) => {
      const { name, role, password } = context.req.valid('json');
      const created = await auth.credentials.add({
        name,
        role,
        ...(password === undefined ? {} : { password }),
      });
      keepNoCopy(context);
      return context.json({ ...credentialAnswer(created), password: created.password }, 201);
    },
  );

  api.openapi(
    route('credentials.manage', {
      method: 'delete',
      path: '/credentials/{name}',
      tags: ['credentials'],
      summary: 'Remove an MQTT user name',
      request: { params: z.object({ name: z.string().max(64) }) },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      const { name } = context.req.valid('param');
      if (!auth.credentials.remove(name)) {
        throw new HearthError('not_found', `there is no credential "${name}"`, {
          hint: 'GET /api/v1/credentials lists them.',
        });
      }
      return context.body(null, 204);
    },
  );
}

const json = <Schema extends z.ZodType>(schemaOfBody: Schema, description: string) => ({
  content: { 'application/json': { schema: schemaOfBody } },
  description,
});

const body = <Schema extends z.ZodType>(schemaOfBody: Schema) => ({
  body: { content: { 'application/json': { schema: schemaOfBody } }, required: true },
});

const sessionAnswer = (signedIn: SignedIn, auth: Auth) => ({
  access_token: signedIn.accessToken,
  token_type: 'bearer' as const,
  expires_in: signedIn.expiresInSeconds,
  person: callerAnswer(signedIn.caller, auth),
});

function callerAnswer(caller: Caller | undefined, auth: Auth) {
  // The guard of the route lets neither through; this is what tells the compiler.
  if (caller === undefined || caller.kind === 'device') throw new Error('no caller');
  const { id, name, role, kind } = caller;
  const email = kind === 'person' ? auth.emailOf(id) : undefined;
  return { id, name, role, kind, ...(email === undefined ? {} : { email }) };
}

const tokenAnswer = (record: TokenRecord) => ({
  id: record.id,
  name: record.name,
  role: record.role,
  created_at: record.createdAt,
  expires_at: record.expiresAt ?? null,
  last_used_at: record.lastUsedAt ?? null,
  revoked_at: record.revokedAt ?? null,
});

const credentialAnswer = (record: CredentialRecord) => ({
  name: record.name,
  role: record.role,
  created_at: record.createdAt,
});

/** `Secure` (RFC 6265 §4.1.2.5) only over HTTPS: over loopback HTTP no browser would send it back. */
function setCookies(context: Context<HearthEnv>, cookies: readonly string[]): void {
  const suffix = new URL(context.req.url).protocol === 'https:' ? '; Secure' : '';
  for (const cookie of cookies) {
    context.header('set-cookie', `${cookie}${suffix}`, { append: true });
  }
  keepNoCopy(context);
}

const keepNoCopy = (context: Context<HearthEnv>) => context.header('cache-control', 'no-store');

const originOf = (context: Context<HearthEnv>): Origin => ({
  remoteAddress: remoteAddressOf(context),
  userAgent: context.req.header('user-agent') ?? '',
});
