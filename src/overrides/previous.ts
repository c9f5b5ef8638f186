import type { Scalar, StateMap, TypeDefinition } from '#devices';
import type { SavedState } from './types.ts';

/** The properties that an override stands for: those its action sets, and whether the device is on. */
export function overriddenProperties(sets: StateMap, definition: TypeDefinition): string[] {
  const power = definition.power ? [definition.power.property] : [];
  return [...new Set([...Object.keys(sets), ...power])];
}

/**
 * What to save before a device is overridden. What is saved already is of before the first override
 * and stays: the device's report of now is that override's own doing.
 */
export function savedState(
  properties: readonly string[],
  reported: StateMap,
  before: SavedState = {},
): SavedState {
  const saved = new Map<string, Scalar | null>(Object.entries(before));
  for (const property of properties) {
    if (saved.has(property)) continue;
    saved.set(property, Object.hasOwn(reported, property) ? (reported[property] ?? null) : null);
  }
  return Object.fromEntries(saved);
}

/** What the device had said; null when it had said nothing. */
export function knownState(saved: SavedState): StateMap | null {
  const known = Object.entries(saved).filter(
    (entry): entry is [string, Scalar] => entry[1] !== null,
  );
  return known.length === 0 ? null : Object.fromEntries(known);
}

/**
 * The state to give back. A device of which nothing was known is switched off, if it can be: what
 * ran for a while must not run for good; that `isAssumed`. `undefined` when there is nothing to
 * give back.
 */
export function stateToRestore(
  saved: SavedState,
  definition: TypeDefinition,
): { readonly state: StateMap; readonly isAssumed: boolean } | undefined {
  const known = knownState(saved);
  if (known !== null) return { state: known, isAssumed: false };
  return definition.power && { state: { [definition.power.property]: false }, isAssumed: true };
}
