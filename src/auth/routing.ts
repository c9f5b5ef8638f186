import { createRoute, type OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { HearthError } from '#kernel';
import { type Access, type Caller, isAction, isOutOfScope, may } from './access.ts';
import { requireControl, type Sight, sightOf, unknownDevice } from './sight.ts';

/** What a request carries once `http` has found out who is calling. */
export interface HearthEnv {
  Variables: {
    caller: Caller | undefined;
    /** Which devices there are for the caller; `sightOf(context)` reads it. */
    sight: Sight | undefined;
  };
}

export type Api = OpenAPIHono<HearthEnv>;

/**
 * A route that says who may call it. The rule stands in the OpenAPI document as `x-access`, which
 * is what the test that walks every route reads; an `Api` refuses to mount a route without it. A
 * device in its path has to be one that the caller sees.
 */
export function route<const Definition extends RouteConfig>(
  access: Access,
  definition: Definition,
) {
  return createRoute({
    ...definition,
    'x-access': access,
    security: access === 'public' ? [] : access === 'device' ? [{ apiKey: [] }] : [{ bearer: [] }],
    middleware: [guard(access, definition.path)] as const,
  });
}

/**
 * Refuses whoever may not pass: 401 for a stranger, 403 for someone known, and 404 for a device of
 * `path` that the caller does not see, before anything is asked that only a real one would answer.
 */
export function guard(access: Access, path = ''): MiddlewareHandler<HearthEnv> {
  const parameter = /\/devices\/\{(\w+)\}/.exec(path)?.[1];
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
      throw mayNot(caller, access);
    }
    if (parameter !== undefined && access !== 'public') {
      const deviceId = context.req.param(parameter) ?? '';
      const sight = sightOf(context);
      if (!sight.sees(deviceId)) throw unknownDevice(deviceId);
      if (access === 'devices.control') requireControl(sight, [deviceId]);
    }
    await next();
  };
}

function mayNot(caller: Caller, access: Access): HearthError {
  if (isAction(access) && isOutOfScope(caller, access)) {
    return new HearthError('forbidden', `the scopes of ${caller.name} leave out ${access}`, {
      hint: `Its role may do this: take a token whose scopes have ${access}.`,
    });
  }
  return new HearthError('forbidden', `${caller.name} may not do this`, {
    hint: 'Ask the owner of this home for a role that may.',
  });
}
