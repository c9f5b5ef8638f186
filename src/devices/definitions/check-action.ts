import { HearthError, nearest } from '#kernel';
import { isInRange, sayRange, sayValue } from './ranges.ts';
import type { Action, ActionDefinition, TypeDefinition } from './types.ts';

/**
 * Checks that a type has an action and that the action takes the value. Returns it without a value
 * when it takes none.
 * @throws HearthError `unprocessable`: field `action`, naming the actions there are; field `value`,
 * naming the range.
 */
export function checkAction(definition: TypeDefinition, action: Action): Action {
  const found = definition.actions.find(({ name }) => name === action.action);
  if (found === undefined) throw unknownAction(definition, action.action);
  const value = action.value ?? null;
  if (found.value === undefined) {
    if (value === null) return { action: found.name };
    throw badValue(found, `${found.name} takes no value, not ${sayValue(value)}`);
  }
  const range = sayRange(found.value);
  if (value === null) throw badValue(found, `${found.name} needs a value: ${range}`);
  if (isInRange(found.value, value)) return { action: found.name, value };
  throw badValue(found, `${found.name} takes ${range}, not ${sayValue(value)}`, value);
}

function unknownAction(definition: TypeDefinition, word: string): HearthError {
  const names = definition.actions.map(({ name }) => name);
  const kind = definition.type === 'generic' ? 'generic device' : definition.type;
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a';
  const known = names.join(', ') || 'none';
  return new HearthError(
    'unprocessable',
    `${article} ${kind} has no action "${word.slice(0, 64)}"; it has ${known}`,
    {
      field: 'action',
      ...(names.length > 0 && { hint: `Did you mean ${nearest(word.slice(0, 64), names)}?` }),
    },
  );
}

function badValue(action: ActionDefinition, message: string, value?: unknown): HearthError {
  const options = action.value?.type === 'choice' ? action.value.options : [];
  const meant = typeof value === 'string' ? nearest(value.slice(0, 64), options) : '';
  return new HearthError('unprocessable', message, {
    field: 'value',
    ...(meant !== '' && { hint: `Did you mean ${meant}?` }),
  });
}
