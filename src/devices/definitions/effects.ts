import type { Scalar } from '../types.ts';
import type { Action, ActionDefinition, ActionValue, StateMap, TypeDefinition } from './types.ts';

/** The state an action leaves behind; `{}` for one that leaves nothing, such as a beep or a toggle. */
export function expectedState(definition: TypeDefinition, action: Action): StateMap {
  const found = definition.actions.find(({ name }) => name === action.action);
  return found === undefined ? {} : stateAfter(found, action.value);
}

/** As above, for an action that is already found. */
export function stateAfter(action: ActionDefinition, value: ActionValue | undefined): StateMap {
  const state: [string, Scalar][] = [];
  for (const [name, effect] of Object.entries(action.sets ?? {})) {
    if (typeof effect !== 'object') state.push([name, effect]);
    else if ('above_zero' in effect) state.push([name, Number(value) > 0]);
    else if (value !== undefined && value !== null && typeof value !== 'object')
      state.push([name, value]);
  }
  return Object.fromEntries(state);
}
