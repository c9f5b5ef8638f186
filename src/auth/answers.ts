import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HearthError } from '#kernel';
import type { People } from './people/people.ts';
import type { Doer } from './people/rank.ts';
import type { HearthEnv } from './routing.ts';
import type { Auth } from './service.ts';
import type { Session } from './sign-in/sessions.ts';
import type { Person } from './types.ts';
import { visitOf } from './whence.ts';

/** What the routes of this slice have in common. */

export const json = <Schema extends z.ZodType>(schemaOfBody: Schema, description: string) => ({
  content: { 'application/json': { schema: schemaOfBody } },
  description,
});

export const body = <Schema extends z.ZodType>(schemaOfBody: Schema) => ({
  body: { content: { 'application/json': { schema: schemaOfBody } }, required: true },
});

/** As above, for a body that may be left out; then it is an empty object. */
export const mayBody = <Schema extends z.ZodType>(schemaOfBody: Schema) => ({
  body: { content: { 'application/json': { schema: schemaOfBody } }, required: false },
});

export const isoOf = (atMs: number): string => new Date(atMs).toISOString();

export const doerOf = (context: Context<HearthEnv>): Doer => ({
  caller: context.get('caller'),
  origin: visitOf(context),
});

/**
 * The person who asks, and their session.
 * @throws HearthError `not_found` for a token and for the machine itself, which have no account.
 */
export function selfOf(
  context: Context<HearthEnv>,
  people: People,
): { readonly person: Person; readonly sessionId: string } {
  const caller = context.get('caller');
  const person = caller?.kind === 'person' ? people.get(caller.id) : undefined;
  if (caller?.kind !== 'person' || person === undefined) {
    throw new HearthError('not_found', 'only a person has an account', {
      hint: 'Sign in with email and password; a token has none.',
    });
  }
  return { person, sessionId: caller.sessionId };
}

/** The address by which whoever asks reaches the dashboard; at the machine, that of others. */
export const dashboardOf = (context: Context<HearthEnv>, auth: Auth): string =>
  visitOf(context).isLocal ? (auth.publicOrigin ?? '') : new URL(context.req.url).origin;

export const sessionAnswer = (session: Session, currentId: string | undefined) => ({
  id: session.id,
  method: session.method,
  user_agent: session.userAgent,
  address: session.address,
  created_at: isoOf(session.createdAtMs),
  last_used_at: isoOf(session.lastUsedAtMs),
  expires_at: isoOf(session.expiresAtMs),
  current: session.id === currentId,
});
