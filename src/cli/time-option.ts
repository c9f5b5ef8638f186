import { HearthError, parseDurationMs } from '#kernel';
import type { HomeTime } from './home-time.ts';
import type { Invocation } from './invocation.ts';

/**
 * The instant of a time as it was typed: on the wall at home, or with a zone of its own.
 * @throws HearthError `bad_request` naming the option.
 */
export function instantOf(text: string, option: string, home: HomeTime): string {
  const instant = home.instant(text);
  if (instant !== undefined) return instant;
  throw new HearthError('bad_request', `${option} is not a time: "${text.slice(0, 40)}"`, {
    field: option,
    hint: `Write 2026-07-05 or 2026-07-05T20:00, which is in ${home.zone}.`,
  });
}

/** The same, or one relative to now: `-7d`. */
export function pastOf(text: string | undefined, option: string, home: HomeTime) {
  if (text === undefined || text === 'now' || /^[+-]\d/.test(text)) return text;
  return instantOf(text, option, home);
}

/** The instant so long from now. @throws HearthError `bad_request` naming the option. */
export function laterOf(at: Invocation, text: string, option: string): string {
  const durationMs = parseDurationMs(text, option);
  const latestMs = 100 * 366 * 86_400_000;
  if (durationMs > 0 && durationMs < latestMs) {
    return new Date(at.around.clock.nowMs() + durationMs).toISOString();
  }
  const problem = durationMs === 0 ? 'is no time at all' : 'is longer than anyone waits';
  throw new HearthError('bad_request', `${option} ${problem}: "${text}"`, { field: option });
}
