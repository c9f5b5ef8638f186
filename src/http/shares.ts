import type { Context, MiddlewareHandler } from 'hono';
import type { Caller, HearthEnv } from '#auth';
import { type Clock, HearthError } from '#kernel';
import { arrivalOf, isLocal } from './arrival.ts';
import { problemOf, problemResponse } from './problem.ts';
import { RateLimit } from './rate-limit.ts';

type Ring = MiddlewareHandler<HearthEnv>;

/** Gives every address on the LAN its share. This machine itself may work as hard as it likes. */
export function fairShareOfAddresses(clock: Clock): Ring {
  const limit = new RateLimit(clock, { name: 'address', perSecond: 100, burst: 1000 });
  return (context, next) => {
    const arrival = arrivalOf(context);
    const key = isLocal(arrival) ? undefined : arrival.remoteAddress;
    return share(limit, key, context, next);
  };
}

/**
 * Gives every account, token and device its share, from however many addresses it comes: a key that
 * leaked, or a device gone wild, is no reason for others to wait. The control socket is not held up.
 */
export function fairShareOfCallers(clock: Clock): Ring {
  const limits = {
    person: new RateLimit(clock, { name: 'account', perSecond: 50, burst: 500 }),
    token: new RateLimit(clock, { name: 'token', perSecond: 100, burst: 1000 }),
    device: new RateLimit(clock, { name: 'device', perSecond: 20, burst: 200 }),
  };
  return (context, next) => {
    const caller: Caller | undefined = context.get('caller');
    if (caller === undefined || caller.kind === 'local') return next();
    return share(limits[caller.kind], caller.id, context, next);
  };
}

/** Lets a request pass or answers 429, and says what is left (draft-ietf-httpapi-ratelimit-headers). */
async function share(
  limit: RateLimit,
  key: string | undefined,
  context: Context<HearthEnv>,
  next: () => Promise<void>,
): Promise<void> {
  if (key === undefined) return next();
  const { waitSeconds, remaining, resetSeconds } = limit.take(key);
  if (waitSeconds > 0) context.res = tooMany(limit.name, waitSeconds);
  else await next();
  context.res.headers.append('ratelimit-policy', limit.policy);
  context.res.headers.append('ratelimit', `"${limit.name}";r=${remaining};t=${resetSeconds}`);
}

function tooMany(name: string, waitSeconds: number): Response {
  const error = new HearthError('too_many_requests', `that is too many requests from one ${name}`, {
    hint: 'Wait a moment, or send readings in batches.',
    retryable: true,
    retryAfterSeconds: waitSeconds,
  });
  const problem = problemOf(error);
  return problem ? problemResponse(problem, error) : new Response(null, { status: 429 });
}
