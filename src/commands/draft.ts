import {
  type ActionValue,
  checkAction,
  expectedState,
  resolveToggle,
  type StateMap,
  type TypeDefinition,
} from '#devices';
import { HearthError, sortableId } from '#kernel';
import type { Policy } from './machine.ts';
import type { CommandRecord } from './record.ts';
import type { CommandRequest } from './types.ts';

/** A command that was asked for and may be sent, before anything is written. */
export interface Draft {
  readonly command: CommandRecord;
  /** The words it was asked in. */
  readonly asked: { readonly action: string; readonly value: ActionValue };
  /** What the device is to be like afterwards; empty for an action that leaves nothing behind. */
  readonly expected: StateMap;
  readonly policy: Policy;
}

const leastExpiryMs = 1000;
const mostExpiryMs = 30 * 86_400_000;
const longestKey = 128;

/**
 * Turns a request into a command: the action checked against what the device can do, a toggle
 * resolved to what it means now.
 * @throws HearthError `unprocessable` naming the range, `conflict` for a toggle of unknown state.
 */
export function draft(
  request: CommandRequest,
  surroundings: {
    readonly definition: TypeDefinition;
    readonly reported: StateMap;
    readonly nowMs: number;
  },
): Draft {
  const { definition, reported } = surroundings;
  const { expiresInMs } = request;
  checkExpiry(expiresInMs);
  const asked = askedOf(request, definition);
  const action = resolveToggle(definition, checkAction(definition, asked), reported);
  const policy = policyOf(definition);
  const createdAtMs = Math.floor(surroundings.nowMs);
  const lastsMs = expiresInMs ?? policy.attempts * policy.intervalMs;
  return {
    asked,
    policy,
    expected: expectedState(definition, action),
    command: {
      id: sortableId(createdAtMs),
      deviceId: request.deviceId,
      action: action.action,
      value: action.value ?? null,
      source: request.source,
      requestedBy: request.requestedBy,
      batchId: request.batchId ?? null,
      createdAtMs,
      expiresAtMs: createdAtMs + Math.floor(lastsMs),
      waits: expiresInMs !== undefined,
      status: 'queued',
      attempts: 0,
      published: false,
      dialect: null,
      sentAtMs: null,
      deliveredAtMs: null,
      acknowledgedAtMs: null,
      confirmedAtMs: null,
      error: null,
      agrees: false,
      unconfirmedDelivery: false,
      unproven: 0,
      contradicted: [],
      answeredAgain: false,
    },
  };
}

/**
 * The words of a request, once they are ones that the device understands: before that a value may be
 * of any size and depth, and must not be looked at.
 * @throws HearthError `unprocessable` naming the range.
 */
export function askedOf(
  { action, value }: CommandRequest,
  definition: TypeDefinition,
): Draft['asked'] {
  const asked = { action, value: value ?? null };
  checkAction(definition, asked);
  return asked;
}

export const policyOf = ({ retry }: TypeDefinition): Policy => ({
  attempts: retry.attempts,
  intervalMs: retry.interval_seconds * 1000,
});

/** @throws HearthError `unprocessable`. */
export function checkKey(key: string): string {
  if (key.length >= 1 && key.length <= longestKey) return key;
  throw new HearthError(
    'unprocessable',
    `idempotencyKey has ${key.length} characters: it takes 1 to ${longestKey}`,
    { field: 'idempotencyKey' },
  );
}

function checkExpiry(expiresInMs: number | undefined): void {
  if (expiresInMs === undefined) return;
  if (expiresInMs >= leastExpiryMs && expiresInMs <= mostExpiryMs) return;
  throw new HearthError(
    'unprocessable',
    `expiresIn is ${expiresInMs / 1000} s: it takes 1 s to 30 days`,
    { field: 'expiresIn' },
  );
}
