import { z } from '@hono/zod-openapi';
import { HearthError } from '#kernel';
import { body, doerOf, json } from '../answers.ts';
import { refuseTokens } from '../people/rank.ts';
import { type Api, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import { keepNoCopy } from '../sign-in/cookies.ts';
import type { CredentialRecord } from './credentials.ts';
import type { TokenRecord } from './tokens.ts';

/** API tokens, for programs. */
export function tokenRoutes(api: Api, auth: Auth): void {
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
    async (context) => {
      const { password, ...wanted } = context.req.valid('json');
      if (wanted.role === 'guest') throw noGuestTokens();
      const by = doerOf(context);
      refuseTokens(by, 'a token makes no other');
      await auth.requirePresenceFor(wanted.role, by, password);
      auth.tokens.requireFreeName(wanted.name);
      const created = auth.tokens.create(wanted, by);
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
      const { id } = context.req.valid('param');
      const by = doerOf(context);
      if (by.caller?.id !== id) refuseTokens(by, 'a token ends no other');
      if (!auth.tokens.revoke(id, by)) {
        throw new HearthError('not_found', 'there is no such token, or it is revoked already', {
          hint: 'GET /api/v1/tokens lists them.',
        });
      }
      return context.body(null, 204);
    },
  );
}

/** MQTT user names, for programs and devices without certificates. */
export function credentialRoutes(api: Api, auth: Auth): void {
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
      refuseTokens(doerOf(context), 'a token makes no credentials');
      const created = await auth.credentials.add(
        { name, role, ...(password === undefined ? {} : { password }) },
        doerOf(context),
      );
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
      refuseTokens(doerOf(context), 'a token removes no credentials');
      if (!auth.credentials.remove(name, undefined, doerOf(context))) {
        throw new HearthError('not_found', `there is no credential "${name}"`, {
          hint: 'GET /api/v1/credentials lists them.',
        });
      }
      return context.body(null, 204);
    },
  );
}

const tokenAnswer = (record: TokenRecord) => ({
  id: record.id,
  name: record.name,
  role: record.role,
  created_at: record.createdAt,
  expires_at: record.expiresAt ?? null,
  last_used_at: record.lastUsedAt ?? null,
  revoked_at: record.revokedAt ?? null,
  scopes: record.scopes === undefined ? null : [...record.scopes],
});

const credentialAnswer = (record: CredentialRecord) => ({
  name: record.name,
  role: record.role,
  created_at: record.createdAt,
});

/** What a guest sees is shared with a person; nothing can be shared with a token. */
const noGuestTokens = (): HearthError =>
  new HearthError('bad_request', 'a token of a guest would see nothing', {
    field: 'role',
    hint: 'Take the role service, with scopes such as devices.read and telemetry.read.',
  });
