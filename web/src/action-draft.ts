import type {
  Action,
  ActionDefinition,
  ActionValue,
  StateMap,
  TypeDefinition,
} from './control-wire.ts';
import { actionOf, lastingActions, optionsOf } from './definitions.ts';

/** An action as it stands in a form: its value is text until it is sent. */
export interface ActionDraft {
  readonly action: string;
  readonly value: string;
}

export const noAction: ActionDraft = { action: '', value: '' };

/** The first choice of a form: an action with the most that it can be set to. */
export function draftFor(action: ActionDefinition | undefined): ActionDraft {
  if (action === undefined) return noAction;
  const { value } = action;
  const options = optionsOf(action);
  const most = value?.type === 'boolean' ? options[0] : options.at(-1);
  const fallback = value && 'minimum' in value ? value.minimum : '';
  return { action: action.name, value: String(most ?? fallback) };
}

/**
 * What is usually asked for a while: what can be set the highest, such as a fan's speed. A generic
 * device may have no fan: of it only what it has told of is offered first.
 */
export function usualAction(
  definition: TypeDefinition,
  state: StateMap,
): ActionDefinition | undefined {
  const actions = lastingActions(definition);
  const isKnown = ({ sets = {} }: ActionDefinition) =>
    definition.type !== 'generic' || Object.keys(sets).some((name) => state[name] !== undefined);
  const settable = actions.find((action) => action.value !== undefined && isKnown(action));
  const plain = actions.find(({ value }) => value === undefined);
  return settable ?? plain ?? actions[0];
}

export const draftOf = ({ action, value }: Action): ActionDraft => ({
  action,
  value: value === null || value === undefined ? '' : String(value),
});

/** What is sent. What cannot be a number stays as it was typed: the hub says what is wrong with it. */
export function actionFrom(draft: ActionDraft, definition: TypeDefinition | undefined): Action {
  const { action, value } = draft;
  const range = definition && actionOf(definition, action)?.value;
  if (range === undefined) return { action };
  return { action, value: valueFrom(range.type, value) };
}

function valueFrom(type: string, text: string): ActionValue {
  if (type === 'boolean') return text === 'true';
  if (type !== 'integer' && type !== 'number') return text;
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}
