/** What is to be sent so that a device is as it should be: pure, from what is known of the device. */

import {
  type Action,
  type ActionValue,
  actionsFor,
  agreement,
  expectedState,
  type StateMap,
  type TypeDefinition,
} from '#devices';
import type { Word } from './types.ts';

/** A command that the device has not answered yet. */
export interface PendingCommand {
  readonly id: string;
  readonly action: string;
  readonly value: ActionValue;
}

export interface Situation {
  readonly word: Word;
  readonly definition: TypeDefinition;
  readonly reported: StateMap;
  /** Oldest first. */
  readonly pending: readonly PendingCommand[];
  /** Whether this very word was sent before, and whether the device took it as far as is known. */
  readonly before: 'new' | 'sent' | 'settled';
  /** Look again at a word that is settled: the device may have lost power since. */
  readonly verify: boolean;
}

export interface Plan {
  readonly actions: readonly Action[];
  readonly outcome: 'sent' | 'already' | 'pending';
  /** Pending commands that bring about what should be. */
  readonly awaited: readonly string[];
}

const already: Plan = { actions: [], outcome: 'already', awaited: [] };

/**
 * Compares what should hold with what the device will be like once it has answered what is under
 * way: so nothing is sent twice, and an older command that is still being tried cannot have the last
 * word.
 */
export function planFor(situation: Situation): Plan {
  const { word, definition, reported, pending, before, verify } = situation;
  const wanted = wantedState(word, definition);
  if (Object.keys(wanted).length === 0) return planWithoutState(situation);

  const effects = pending.map((command) => ({
    command,
    after: expectedState(definition, command),
  }));
  const touching = effects.filter(({ after }) => overlaps(after, wanted));
  const soon: StateMap = Object.assign({}, reported, ...effects.map(({ after }) => after));
  const agrees = agreement(visible(wanted, definition, soon), soon);
  // The device took it and says nothing of it: there is nothing to see a difference by.
  const isGood = agrees === 'agrees' || (before === 'settled' && (!verify || agrees === 'unknown'));
  if (isGood && touching.length === 0) return already;
  if (isGood) {
    return { actions: [], outcome: 'pending', awaited: touching.map(({ command }) => command.id) };
  }
  const actions = word.kind === 'action' ? [plain(word)] : actionsFor(definition, wanted, soon);
  return actions.length === 0 ? already : { actions, outcome: 'sent', awaited: [] };
}

/** What a word means for the device's properties; `{}` for an action that leaves nothing behind. */
export const wantedState = (word: Word, definition: TypeDefinition): StateMap =>
  word.kind === 'action' ? expectedState(definition, word) : word.state;

/**
 * What there is to compare of what is wanted. A device that is to be off need only be off: many can
 * be given a fan speed only by switching them on.
 */
export function visible(
  wanted: StateMap,
  definition: TypeDefinition,
  reported: StateMap,
): StateMap {
  const { power } = definition;
  if (power === undefined || !Object.hasOwn(reported, power.property)) return wanted;
  return isOff(wanted, definition) ? { [power.property]: false } : wanted;
}

/** Whether a state is one of a device that is switched off. */
export const isOff = (state: StateMap, { power }: TypeDefinition): boolean =>
  power !== undefined && agreement({ [power.property]: false }, state) === 'agrees';

/** A beep is asked for once: nobody wants it hours later, when the device is back. */
function planWithoutState({ word, pending, before }: Situation): Plan {
  if (word.kind !== 'action' || before !== 'new') return already;
  const same = pending.filter((command) => isSame(command, word));
  if (same.length === 0) return { actions: [plain(word)], outcome: 'sent', awaited: [] };
  return { actions: [], outcome: 'pending', awaited: same.map(({ id }) => id) };
}

const plain = ({ action, value }: Action): Action =>
  value === undefined || value === null ? { action } : { action, value };

const isSame = (command: PendingCommand, { action, value }: Action): boolean =>
  command.action === action &&
  JSON.stringify(command.value ?? null) === JSON.stringify(value ?? null);

const overlaps = (left: StateMap, right: StateMap): boolean =>
  Object.keys(left).some((name) => Object.hasOwn(right, name));
