import { actorOf, type Caller, originOf } from '#auth';
import { HearthError, parseDurationMs } from '#kernel';
import type { RunWishes } from './runs.ts';
import type { SpokenWishes } from './schema.ts';
import type { Requester } from './types.ts';

interface Asked {
  readonly env: unknown;
  get(key: 'caller'): Caller | undefined;
}

/** Who asks, and from where. */
export const requesterOf = (context: Asked): Requester => ({
  actor: actorOf(context.get('caller')),
  origin: originOf(context),
});

const longestWaitMs = 60_000;
const leastExpiryMs = 1000;
const longestExpiryMs = 30 * 86_400_000;

/** Reads `?wait`; 0 without one. @throws HearthError `bad_request` naming `?wait`. */
export function waitMsOf(wait: string | undefined): number {
  if (wait === undefined) return 0;
  const waitMs = durationMsOf(wait, '?wait');
  if (waitMs <= longestWaitMs) return waitMs;
  throw new HearthError('bad_request', `?wait is ${wait}: it takes at most 60s`, {
    field: '?wait',
  });
}

/**
 * Reads how a run is wanted, in either spelling.
 * @throws HearthError `unprocessable` naming the field.
 */
export function wishesOf(body: SpokenWishes): RunWishes {
  const expiresIn = oneOf(body.expiresIn, body.expires_in, 'expiresIn');
  return {
    idempotencyKey: oneOf(body.idempotencyKey, body.idempotency_key, 'idempotencyKey'),
    expiresInMs: expiresIn === undefined ? undefined : expiresInMsOf(expiresIn),
  };
}

function oneOf<Value>(
  camel: Value | undefined,
  snake: Value | undefined,
  field: string,
): Value | undefined {
  if (camel === undefined || snake === undefined) return camel ?? snake;
  throw new HearthError('unprocessable', `${field} is given twice`, { field });
}

function expiresInMsOf(expiresIn: string | number): number {
  const expiresInMs = durationMsOf(expiresIn, 'expiresIn');
  if (expiresInMs >= leastExpiryMs && expiresInMs <= longestExpiryMs) return expiresInMs;
  throw new HearthError('unprocessable', `expiresIn is ${expiresIn}: it takes 1s to 30d`, {
    field: 'expiresIn',
  });
}

/** A count without a unit is seconds. */
function durationMsOf(duration: string | number, field: string): number {
  const isCount = typeof duration === 'number' || /^\d{1,9}$/.test(duration);
  return isCount ? Number(duration) * 1000 : parseDurationMs(duration, field);
}
