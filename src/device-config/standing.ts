/** What follows from where a device stands: pure functions. */

import type { Scalar } from '#devices';
import type { ConfigStanding } from './types.ts';

export const nothingKnown: ConfigStanding = {
  desired: 0,
  reported: null,
  problem: null,
  carrier: null,
};

/** Version 0 is what a device says that was never given one. */
export const isInSync = ({ desired, reported }: ConfigStanding): boolean =>
  desired === (reported?.version ?? 0);

/** What keeps the desired version from being sent; a problem of an older version does not. */
export const problemOf = ({ desired, problem }: ConfigStanding): string | null =>
  problem?.version === desired ? problem.text : null;

/** Whether a command is bringing the desired version just now. */
export const isCarried = ({ carrier }: ConfigStanding, nowMs: number): boolean =>
  carrier !== null && nowMs < carrier.expiresAtMs;

/** Whether the desired version is to be sent. */
export const isToBeSent = (standing: ConfigStanding, nowMs: number): boolean =>
  standing.desired > 0 &&
  !isInSync(standing) &&
  problemOf(standing) === null &&
  !isCarried(standing, nowMs);

/** Reads a version as devices spell it: a number, or digits in a string. */
export function readVersion(value: Scalar | undefined): number | undefined {
  const isDigits = typeof value === 'string' && /^\d{1,10}$/.test(value);
  const version = isDigits ? Number(value) : value;
  const isVersion = typeof version === 'number' && Number.isSafeInteger(version) && version >= 0;
  return isVersion ? version : undefined;
}
