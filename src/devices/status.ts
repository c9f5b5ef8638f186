import type { Scalar } from './types.ts';

/** What a device says of itself on its status topic or with a heartbeat. */
export interface StatusReport {
  /** Absent when the message says nothing of it. */
  readonly online: boolean | undefined;
  /** Everything else that is a plain value, such as `relay_state` or `firmware_version`. */
  readonly reported: Readonly<Record<string, Scalar>>;
}

const longestPayload = 16 * 1024;
const mostFields = 32;
const longestText = 256;
const fieldName = /^[A-Za-z_][\w.-]{0,63}$/;

/**
 * Reads `online`, `offline` (as a will says it) or a JSON object; `undefined` when it is neither.
 * Fields beyond the bounds are left out: a status is news, not a record, and is never refused.
 */
export function readStatus(payload: Buffer): StatusReport | undefined {
  if (payload.length > longestPayload) return undefined;
  const text = payload.toString('utf8').trim();
  const plain = presenceOf(text);
  if (plain !== undefined) return statusOf({ status: plain ? 'online' : 'offline' });
  try {
    return statusOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Reads a status that is already parsed: an object, or one of the two words. */
export function statusOf(body: unknown): StatusReport | undefined {
  if (typeof body === 'string') {
    const online = presenceOf(body);
    return online === undefined ? undefined : statusOf({ status: body });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  let online: boolean | undefined;
  const reported: [string, Scalar][] = [];
  for (const [name, value] of Object.entries(body)) {
    if ((name === 'state' || name === 'status') && presenceOf(value) !== undefined)
      online = presenceOf(value);
    else if (reported.length < mostFields && fieldName.test(name) && isScalar(value))
      reported.push([name, value]);
  }
  return { online, reported: Object.fromEntries(reported) };
}

function presenceOf(value: unknown): boolean | undefined {
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  return word === 'online' ? true : word === 'offline' ? false : undefined;
}

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'string' && value.length <= longestText);
