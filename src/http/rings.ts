import type { Context, MiddlewareHandler } from 'hono';
import { type HearthEnv, type SightOf, sightWith } from '#auth';
import { type Clock, HearthError } from '#kernel';
import { arrivalOf, isInside, isLoopback } from './arrival.ts';
import type { CallerOf } from './callers.ts';
import { hostName, isOurHost } from './host-names.ts';
import type { Operations } from './operations.ts';

/** The rings around every handler, outermost first as `app.ts` puts them. */
type Ring = MiddlewareHandler<HearthEnv>;

/** Headers that keep browsers from doing what no page of ours needs. */
export const securityHeaders: Ring = async (context, next) => {
  await next();
  const { headers } = context.res;
  headers.set('content-security-policy', contentPolicy(context.req.header('host')));
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  headers.set('permissions-policy', 'camera=(), geolocation=(), microphone=()');
  // Answers about a home belong in no cache; files say themselves how long they keep.
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
};

/** No inline script or style, nothing from elsewhere. Older Safari takes `self` for HTTP alone. */
function contentPolicy(host: string | undefined): string {
  const sockets = hostName(host) === undefined ? '' : ` wss://${host} ws://${host}`;
  return [
    "default-src 'self'",
    `connect-src 'self'${sockets}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Counts every answer and how long it took, under the pattern of its route. */
export const observe =
  (operations: Operations, clock: Clock, patternOf: (context: Context) => string): Ring =>
  async (context, next) => {
    const startMs = clock.monotonicMs();
    await next();
    operations.metrics.observe({
      method: knownMethods.has(context.req.method) ? context.req.method : 'other',
      route: patternOf(context),
      status: context.res.status,
      seconds: (clock.monotonicMs() - startMs) / 1000,
    });
  };

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Refuses requests that a stranger's name was used for. */
export const onlyOurHost =
  (ourNames: () => ReadonlySet<string>): Ring =>
  async (context, next) => {
    const host = context.req.header('host');
    if (!isInside(arrivalOf(context)) && !isOurHost(host, ourNames())) {
      throw new HearthError('forbidden', 'this hub does not go by that name', {
        field: 'Host',
        hint: 'Use its address, or add the name to the setting https.names.',
      });
    }
    await next();
  };

const openInTheClear = new Set([
  // Who checks a certificate fetches this before it trusts any (RFC 5280 §4.2.1.13).
  '/ca.crl',
  '/health',
  '/health/live',
  '/health/ready',
  '/ca.crt',
  '/trust',
  '/plain.css',
]);

/** Sends the LAN from HTTP to HTTPS, but for what one needs before one can trust it. */
export const onlyHttpsForTheLan =
  (httpsPort: () => number): Ring =>
  async (context, next) => {
    const { door, remoteAddress } = arrivalOf(context);
    const { path, method, url } = context.req;
    const isOpen = openInTheClear.has(path) && (method === 'GET' || method === 'HEAD');
    if (door !== 'http' || isLoopback(remoteAddress) || isOpen) return next();
    const name = hostName(context.req.header('host')) ?? '';
    const host = name.includes(':') ? `[${name}]` : name;
    const { pathname, search } = new URL(url);
    return context.redirect(`https://${host}:${httpsPort()}${pathname}${search}`, 308);
  };

/**
 * Refuses bodies beyond the bound: by their length where it is said (Node holds senders to it), and
 * otherwise while they arrive. Hono's own limit cannot rebuild the requests that our listener makes.
 */
export const boundedBody =
  (mostBytes: number): Ring =>
  async (context, next) => {
    const { raw } = context.req;
    const said = raw.headers.get('content-length');
    const isSaid = said !== null && !raw.headers.has('transfer-encoding');
    if (isSaid && Number(said) > mostBytes) throw tooLarge(mostBytes);
    let isEmpty = isSaid ? Number(said) === 0 : raw.body === null;
    if (!isSaid && raw.body) {
      const body = await readBounded(raw.body, mostBytes);
      const { method, headers, url } = raw;
      isEmpty = body.length === 0;
      context.req.raw = new Request(url, { method, headers, ...(!isEmpty && { body }) });
    }
    // Many a client names a type with every request: of nothing, it says nothing.
    if (isEmpty) context.req.raw.headers.delete('content-type');
    await next();
  };

async function readBounded(
  body: ReadableStream<Uint8Array>,
  mostBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const tooLarge = (mostBytes: number): HearthError =>
  new HearthError('too_large', `the body is larger than ${mostBytes} bytes`, {
    hint: 'Send less at once, or raise the setting limits.body_bytes.',
  });

/** Finds out who is calling, and which devices there are for them; nobody is refused here. */
export const knownCaller =
  (callerOf: CallerOf, sightOf: SightOf = sightWith): Ring =>
  async (context, next) => {
    const { headers, method } = context.req.raw;
    const caller = await callerOf(headers, method, arrivalOf(context).door);
    context.set('caller', caller);
    context.set('sight', sightOf(caller));
    await next();
  };
