import type { Random } from './random.ts';

const firstMs = 100;
const longestMs = 30_000;

/**
 * How long to wait before reconnect number `attempt` (0 is the first): doubling from 100 ms up to
 * 30 s, of which the upper half is random, so that a fleet does not come back as one wave.
 */
export function backoffMs(attempt: number, random: Random): number {
  const ceilingMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 20));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random());
}
