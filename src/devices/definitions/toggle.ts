import { HearthError } from '#kernel';
import { propertyOf, truthOf } from './agreement.ts';
import type { Action, ActionDefinition, StateMap, TypeDefinition } from './types.ts';

/**
 * Turns a toggle into the action that it means now: sent twice it shall not act twice. Any other
 * action is returned as it is.
 * @throws HearthError `conflict` when the device has not said how it is, naming what to send instead.
 */
export function resolveToggle(
  definition: TypeDefinition,
  action: Action,
  reported: StateMap,
): Action {
  const toggles = definition.actions.find(({ name }) => name === action.action)?.toggles;
  if (toggles === undefined) return action;
  const value = propertyOf(reported, toggles);
  const isOn = value === undefined ? undefined : truthOf(value);
  const [on, off] = [
    actionThatMakes(definition, toggles, true),
    actionThatMakes(definition, toggles, false),
  ];
  if (isOn === undefined) {
    throw new HearthError(
      'conflict',
      `the state of the device is not known: it has not reported ${toggles}, so ${action.action} could mean either`,
      { field: 'action', hint: `Send ${on ?? '?'} or ${off ?? '?'} instead.` },
    );
  }
  const meant = isOn ? off : on;
  if (meant === undefined) {
    throw new HearthError('conflict', `${action.action} has no action to make ${toggles} ${!isOn}`);
  }
  return { action: meant };
}

/** The first action that takes no value and makes a property true, or false. */
export const actionThatMakes = (
  definition: { readonly actions: readonly ActionDefinition[] },
  property: string,
  wanted: boolean,
): string | undefined =>
  definition.actions.find((action) => {
    const effect = action.value === undefined ? action.sets?.[property] : undefined;
    return effect !== undefined && typeof effect !== 'object' && truthOf(effect) === wanted;
  })?.name;
