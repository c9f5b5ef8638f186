import type { MiddlewareHandler } from 'hono';
import { type HearthEnv, isOwnOrigin } from '#auth';

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const headers = 'authorization, content-type, idempotency-key, x-api-key';
const exposed = 'ratelimit, ratelimit-policy, retry-after, content-disposition, hearth-withheld';
/** Seconds for which a browser need not ask again. */
const maxAge = '600';

/**
 * Lets pages of exactly these origins use the API (CORS, Fetch §3.2), with a token and nothing else:
 * there is no `Access-Control-Allow-Credentials`, and a cookie that comes along all the same (a site
 * does not end at a port) is not looked at. Without any, every other origin is shut out.
 */
export const openTo = (allowed: ReadonlySet<string>): MiddlewareHandler<HearthEnv> => {
  return async (context, next) => {
    const { raw } = context.req;
    const origin = raw.headers.get('origin');
    if (allowed.size === 0) return next();
    if (
      origin === null ||
      !allowed.has(origin) ||
      isOwnOrigin(raw.headers, raw.url.startsWith('https:'))
    ) {
      await next();
      context.res.headers.append('vary', 'origin');
      return;
    }
    const isPreflight =
      raw.method === 'OPTIONS' && raw.headers.has('access-control-request-method');
    if (isPreflight) {
      context.res = new Response(null, {
        status: 204,
        headers: {
          'access-control-allow-methods': methods,
          'access-control-allow-headers': headers,
          'access-control-max-age': maxAge,
        },
      });
    } else {
      raw.headers.delete('cookie');
      await next();
      context.res.headers.set('access-control-expose-headers', exposed);
    }
    context.res.headers.set('access-control-allow-origin', origin);
    context.res.headers.append('vary', 'origin');
  };
};
