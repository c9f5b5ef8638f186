/** What follows from where a device stands: pure functions. */

import type { Scalar } from '#devices';
import type { ConfigStanding } from './types.ts';

export const nothingKnown: ConfigStanding = {
  desired: 0,
  reported: null,
  taken: null,
  problem: null,
  carrier: null,
};

/**
 * Version 0 is what a device says that was never given one. What a device took counts for one that
 * never says which version it has; of the others their own word does.
 */
export const isInSync = ({ desired, reported, taken }: ConfigStanding): boolean =>
  desired === (reported?.version ?? taken?.version ?? 0);

/** What keeps the desired version from being sent; a problem of an older version does not. */
export const problemOf = ({ desired, problem }: ConfigStanding): string | null =>
  problem?.version === desired ? problem.text : null;

/** Whether a command is bringing the desired version just now. */
export const isCarried = ({ carrier }: ConfigStanding, nowMs: number): boolean =>
  carrier !== null && nowMs < carrier.expiresAtMs;

/** Whether there is a desired version, and nothing against sending it. */
export const maySend = (standing: ConfigStanding, nowMs: number): boolean =>
  standing.desired > 0 && problemOf(standing) === null && !isCarried(standing, nowMs);

/** Whether the desired version is to be sent. */
export const isToBeSent = (standing: ConfigStanding, nowMs: number): boolean =>
  !isInSync(standing) && maySend(standing, nowMs);

/** Reads a version as devices spell it: a number, or digits in a string. */
export function readVersion(value: Scalar | undefined): number | undefined {
  const isDigits = typeof value === 'string' && /^\d{1,10}$/.test(value);
  const version = isDigits ? Number(value) : value;
  const isVersion = typeof version === 'number' && Number.isSafeInteger(version) && version >= 0;
  return isVersion ? version : undefined;
}
