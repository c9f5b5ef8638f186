import type { Scalar, StateMap } from '#devices';

/** A device's answer to a command, whichever of the documented forms it had. */
export interface Ack {
  readonly id: string;
  readonly ok: boolean;
  /** One printable line. */
  readonly message: string | null;
  /** What the device says it is like now. */
  readonly state: StateMap;
}

/** Why an answer says nothing, in words for whoever wrote the firmware. */
export interface AckProblem {
  readonly problem: string;
}

const longestPayload = 16 * 1024;
const longestId = 128;
const longestMessage = 200;
const longestText = 256;
const mostProperties = 32;
const propertyName = /^[A-Za-z_][\w.:-]{0,63}$/;

const yes = new Set(['ok', 'success', 'acknowledged', 'executed', 'completed', 'done']);
const no = new Set(['error', 'failed', 'failure', 'rejected', 'nack', 'invalid']);

/**
 * Reads an acknowledgment of any family: the native `{id, status, message?, state?}` and the
 * purifier's spellings of the same. A problem when it names no command or does not say what became
 * of it.
 */
export function readAck(payload: Buffer): Ack | AckProblem {
  const longest = `${longestPayload / 1024} KB`;
  if (payload.length > longestPayload) return { problem: `the answer is longer than ${longest}` };
  let body: unknown;
  try {
    body = JSON.parse(payload.toString('utf8'));
  } catch {
    return { problem: 'the answer is not JSON' };
  }
  if (!isObject(body)) return { problem: 'the answer is not a JSON object' };
  const id = firstOf(body, ['commandId', 'command_id', 'id']);
  if (typeof id !== 'string' || id === '') {
    return { problem: 'the answer has no id: it takes the id of the command, as text' };
  }
  if (id.length > longestId) return { problem: `its id is longer than ${longestId} characters` };
  const ok = verdictOf(body);
  if (ok === undefined) {
    return { problem: 'the answer does not say what became of it: status takes "ok" or "error"' };
  }
  return {
    id,
    ok,
    message: lineOf(firstOf(body, ['message', 'error', 'errorMessage'])),
    state: stateOf(firstOf(body, ['state', 'deviceState'])),
  };
}

function verdictOf(body: Record<string, unknown>): boolean | undefined {
  if (typeof body.status === 'string') {
    const word = body.status.trim().toLowerCase();
    if (yes.has(word)) return true;
    if (no.has(word)) return false;
  }
  return typeof body.success === 'boolean' ? body.success : undefined;
}

function lineOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const line = value
    .slice(0, longestPayload)
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return line === '' ? null : line.slice(0, longestMessage);
}

function stateOf(value: unknown): StateMap {
  if (!isObject(value)) return {};
  const state: [string, Scalar][] = [];
  for (const [name, property] of Object.entries(value)) {
    if (state.length >= mostProperties) break;
    if (propertyName.test(name) && isScalar(property)) state.push([name, property]);
  }
  return Object.fromEntries(state);
}

const firstOf = (body: Record<string, unknown>, names: readonly string[]): unknown =>
  names.map((name) => body[name]).find((value) => value !== undefined && value !== null);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'string' && value.length <= longestText);
