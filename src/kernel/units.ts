import { HearthError } from './errors.ts';

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads `90s`, `5m`, `1h`, `7d`, `2w`, `250ms` as milliseconds. `field` names the input in the error. */
export function parseDurationMs(text: string, field: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
  if (!match) {
    throw new HearthError('bad_request', `${field} is not a duration: "${text.slice(0, 40)}"`, {
      field,
      hint: 'Write a whole number and a unit: 30s, 5m, 1h, 7d.',
    });
  }
  return Number(match[1]) * (unitMs[match[2] as string] as number);
}

const earliestMs = Date.UTC(1970, 0, 1);
const latestMs = Date.UTC(2200, 0, 1);

/**
 * Reads an absolute ISO 8601 time, or one relative to now (`-1h`, `now`), as milliseconds. Without a
 * zone it is UTC, as it is in what devices send.
 * @throws HearthError `bad_request` naming `field`, also outside the years 1970 to 2199.
 */
export function parseTimeMs(text: string, nowMs: number, field: string): number {
  if (text === 'now') return nowMs;
  const timeMs = /^[+-]\d/.test(text) ? relativeMs(text, nowMs, field) : absoluteMs(text);
  if (Number.isNaN(timeMs)) {
    throw new HearthError('bad_request', `${field} is not a time: "${text.slice(0, 40)}"`, {
      field,
      hint: 'Write 2026-01-31T08:00:00Z, or a time relative to now such as -1h.',
    });
  }
  if (timeMs < earliestMs || timeMs >= latestMs) {
    throw new HearthError('bad_request', `${field} is too far away: "${text.slice(0, 40)}"`, {
      field,
      hint: 'Write a time within the years 1970 to 2199.',
    });
  }
  return timeMs;
}

function relativeMs(text: string, nowMs: number, field: string): number {
  const durationMs = parseDurationMs(text.slice(1), field);
  return text.startsWith('-') ? nowMs - durationMs : nowMs + durationMs;
}

/** `NaN` when it is no time. */
function absoluteMs(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return Number.NaN;
  // Date.parse takes a date without a zone as UTC, and a date with a time as local time.
  const isLocal = /[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/.test(text);
  return Date.parse(isLocal ? `${text}Z` : text);
}

/** ISO 8601 UTC of microseconds since 1970: to the millisecond, or to the microsecond where there are any. */
export function isoOfMicroseconds(timeUs: number): string {
  const iso = new Date(Math.floor(timeUs / 1000)).toISOString();
  const rest = ((timeUs % 1000) + 1000) % 1000;
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}
