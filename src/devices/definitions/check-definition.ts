import { HearthError } from '#kernel';
import { truthOf } from './agreement.ts';
import { actionThatMakes } from './toggle.ts';
import type { ActionDefinition, TypeDefinition } from './types.ts';

const longestJson = 32 * 1024;
const mostEffects = 16;

/**
 * Checks what one part of a definition says of another: ranges, effects, toggles and power.
 * @throws HearthError `unprocessable` naming the field (`actions.2.toggles`).
 */
export function checkDefinition(definition: TypeDefinition): void {
  const { actions, metrics } = definition;
  checkUnique(actions, 'actions');
  checkUnique(metrics, 'metrics');
  checkSensitive(definition);
  for (const [index, action] of actions.entries()) {
    const field = `actions.${index}`;
    checkRange(action, field);
    checkEffects(action, field);
    checkToggle(definition, action, field);
  }
  checkPower(definition);
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  if (bytes > longestJson) {
    refuse('actions', `a type takes at most ${longestJson / 1024} KB, not ${bytes} bytes`);
  }
}

function checkUnique(named: readonly { readonly name: string }[], field: string): void {
  const seen = new Set<string>();
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) refuse(`${field}.${index}.name`, `${name} is there twice`);
    seen.add(name);
  }
}

/** What commands bring about is known to whoever sees commands: it cannot be kept from view. */
function checkSensitive({ actions, metrics }: TypeDefinition): void {
  for (const [index, { name, sensitive }] of metrics.entries()) {
    if (sensitive !== true) continue;
    const by = actions.find(
      ({ sets, toggles }) => toggles === name || Object.hasOwn(sets ?? {}, name),
    );
    if (by !== undefined) refuse(`metrics.${index}.sensitive`, `${by.name} brings ${name} about`);
  }
}

function checkRange({ name, value }: ActionDefinition, field: string): void {
  if (value === undefined) return;
  if ('minimum' in value && value.minimum > value.maximum) {
    const bounds = `from ${value.minimum} to ${value.maximum}`;
    refuse(`${field}.value.minimum`, `${name} takes numbers ${bounds}, which are none`);
  }
  if (value.type === 'choice' && new Set(value.options).size < value.options.length) {
    refuse(`${field}.value.options`, `the options of ${name} are not all different`);
  }
}

function checkEffects({ name, value, sets = {} }: ActionDefinition, field: string): void {
  const effects = Object.entries(sets);
  if (effects.length > mostEffects) {
    refuse(
      `${field}.sets`,
      `${name} sets ${effects.length} properties; the most is ${mostEffects}`,
    );
  }
  for (const [property, effect] of effects) {
    if (typeof effect !== 'object') continue;
    const where = `${field}.sets.${property}`;
    if (value === undefined) refuse(where, `${name} takes no value for ${property} to follow`);
    if (value?.type === 'object')
      refuse(where, `${name} takes an object, and ${property} is no object`);
    const isNumber = value?.type === 'integer' || value?.type === 'number';
    if ('above_zero' in effect && !isNumber)
      refuse(where, `${name} takes no number that could be above zero`);
  }
}

function checkToggle(definition: TypeDefinition, action: ActionDefinition, field: string): void {
  const { name, toggles } = action;
  if (toggles === undefined) return;
  if (action.value !== undefined)
    refuse(`${field}.value`, `${name} is a toggle and takes no value`);
  if (action.sets !== undefined)
    refuse(`${field}.sets`, `${name} is a toggle: what it sets is open`);
  for (const wanted of [true, false]) {
    if (actionThatMakes(definition, toggles, wanted) !== undefined) continue;
    refuse(
      `${field}.toggles`,
      `${name} needs an action without a value that sets ${toggles} to ${wanted}`,
    );
  }
}

function checkPower({ actions, power }: TypeDefinition): void {
  if (power === undefined) return;
  for (const side of ['on', 'off'] as const) {
    const field = `power.${side}`;
    const action = actions.find(({ name }) => name === power[side]);
    if (action === undefined) refuse(field, `there is no action ${power[side]}`);
    if (action?.value !== undefined) refuse(field, `${power[side]} takes a value`);
    const effect = action?.sets?.[power.property];
    const isSet = effect !== undefined && typeof effect !== 'object';
    if (!isSet || truthOf(effect) !== (side === 'on')) {
      refuse(field, `${power[side]} does not set ${power.property} to ${side === 'on'}`);
    }
  }
}

function refuse(field: string, message: string): never {
  throw new HearthError('unprocessable', message, { field });
}
