import { createRoute, type OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { HearthError } from '#kernel';
import { type Access, type Caller, may } from './access.ts';

/** What a request carries once `http` has found out who is calling. */
export interface HearthEnv {
  Variables: { caller: Caller | undefined };
}

export type Api = OpenAPIHono<HearthEnv>;

/**
 * A route that says who may call it. The rule stands in the OpenAPI document as `x-access`, which
 * is what the test that walks every route reads; an `Api` refuses to mount a route without it.
 */
export function route<const Definition extends RouteConfig>(
  access: Access,
  definition: Definition,
) {
  return createRoute({
    ...definition,
    'x-access': access,
    security: access === 'public' ? [] : access === 'device' ? [{ apiKey: [] }] : [{ bearer: [] }],
    middleware: [guard(access)] as const,
  });
}

/** Refuses whoever may not pass: 401 for a stranger, 403 for someone known. */
export function guard(access: Access): MiddlewareHandler<HearthEnv> {
  return async (context, next) => {
    const caller = context.get('caller');
    if (!may(caller, access)) {
      if (caller === undefined) {
        throw new HearthError('unauthenticated', 'this needs you to be signed in', {
          hint:
            access === 'device'
              ? "Send the device's key as X-API-Key."
              : 'Sign in, or send Authorization: Bearer with a token from `hearth token create`.',
        });
      }
      throw new HearthError('forbidden', `${caller.name} may not do this`, {
        hint: 'Ask the owner of this home for a role that may.',
      });
    }
    await next();
  };
}
