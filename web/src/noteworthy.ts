import { hasFailed, isUnderWay, leavesState } from './command-words.ts';
import type { Command, StateMap, TypeDefinition } from './control-wire.ts';
import { expectedState } from './definitions.ts';
import { isSame } from './truth.ts';

/** As long as the hub watches for the report that confirms an acknowledged command. */
const watchedMs = 10 * 60_000;
const failureShownMs = 60 * 60_000;

/** Whether something is still to be seen of a command: an answer, or the report that confirms it. */
export function isOpen(
  command: Command,
  definition: TypeDefinition | undefined,
  nowMs: number,
): boolean {
  if (isUnderWay(command)) return true;
  const { status, acknowledged_at: at, error } = command;
  if (status !== 'acknowledged' || error !== null || !leavesState(definition, command))
    return false;
  return nowMs - Date.parse(at ?? '') < watchedMs;
}

/**
 * Whether a person is to be told that a command came to nothing: lately, and the device is not as was
 * asked for all the same.
 */
export function isMissed(
  command: Command,
  definition: TypeDefinition | undefined,
  state: StateMap,
  nowMs: number,
): boolean {
  const isContradicted = command.status === 'acknowledged' && command.error !== null;
  if (!hasFailed(command) && !isContradicted) return false;
  if (nowMs - Date.parse(command.created_at) > failureShownMs) return false;
  const wanted = Object.entries(definition ? expectedState(definition, command) : {});
  return wanted.length === 0 || wanted.some(([name, value]) => !isSame(value, state[name]));
}
