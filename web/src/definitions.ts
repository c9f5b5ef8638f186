import type {
  Action,
  ActionDefinition,
  ActionValue,
  Command,
  StateMap,
  TypeDefinition,
} from './control-wire.ts';
import type { Value } from './wire.ts';

/** On or off, or whatever else a device is one or the other of: locked, recording. */
export interface SwitchControl {
  readonly kind: 'switch';
  readonly property: string;
  /** Names of the actions. */
  readonly on: string;
  readonly off: string;
}

/** A few values to choose from: a fan's speeds, a mode. */
export interface OptionsControl {
  readonly kind: 'options';
  readonly action: ActionDefinition;
  /** Where the device says what it is set to, if it does. */
  readonly property: string | undefined;
  readonly options: readonly Value[];
}

/** One of what can be done with a device. */
export type Control =
  | SwitchControl
  | OptionsControl
  /** A value to be filled in. */
  | {
      readonly kind: 'form';
      readonly action: ActionDefinition;
      readonly property: string | undefined;
    }
  /** Something that is just done. */
  | { readonly kind: 'button'; readonly action: ActionDefinition };

const mostOptions = 11;

/**
 * The controls of a device, made from what its type can do: what turns it on and off first. An action
 * that says the same as a switch is not shown beside it, and settings are no control.
 */
export function controlsOf(definition: TypeDefinition): Control[] {
  const switches = switchesOf(definition);
  const isCovered = ({ value, sets, toggles }: ActionDefinition) => {
    const [name = '', ...more] = toggles === undefined ? Object.keys(sets ?? {}) : [toggles];
    if (value !== undefined || more.length > 0) return false;
    return switches.some(({ property }) => property === name);
  };
  const rest = definition.actions.filter(
    (action) => action.value?.type !== 'object' && !isCovered(action),
  );
  return [...switches, ...rest.map(controlOf)];
}

function switchesOf({ actions, power }: TypeDefinition): SwitchControl[] {
  const found = new Map<string, SwitchControl>();
  if (power) found.set(power.property, { kind: 'switch', ...power });
  for (const { name: on, value, sets = {} } of actions) {
    const [property = '', ...more] = Object.keys(sets);
    if (value !== undefined || more.length > 0 || sets[property] !== true) continue;
    const off = actions.find(
      (other) =>
        other.value === undefined &&
        other.sets?.[property] === false &&
        Object.keys(other.sets).length === 1,
    );
    if (off && !found.has(property))
      found.set(property, { kind: 'switch', property, on, off: off.name });
  }
  return [...found.values()];
}

function controlOf(action: ActionDefinition): Control {
  const { value } = action;
  if (value === undefined) return { kind: 'button', action };
  const property = Object.entries(action.sets ?? {}).find(
    ([, effect]) => typeof effect === 'object' && 'from' in effect,
  )?.[0];
  const options = optionsOf(action);
  if (options.length === 0) return { kind: 'form', action, property };
  return { kind: 'options', action, property, options };
}

/** Every value that an action takes, when these are few enough to be buttons. */
export function optionsOf({ value }: ActionDefinition): readonly Value[] {
  switch (value?.type) {
    case 'boolean':
      return [true, false];
    case 'choice':
      return value.options.length <= mostOptions ? value.options : [];
    case 'integer': {
      const count = value.maximum - value.minimum + 1;
      if (count > mostOptions) return [];
      return Array.from({ length: count }, (_, step) => value.minimum + step);
    }
    default:
      return [];
  }
}

/** Whether a control has to do with what the device says of itself. */
export function propertyOf(control: Control): string | undefined {
  return control.kind === 'button' ? Object.keys(control.action.sets ?? {})[0] : control.property;
}

export const actionOf = (definition: TypeDefinition, name: string): ActionDefinition | undefined =>
  definition.actions.find((action) => action.name === name);

/** The state that an action leaves behind; `{}` for one that leaves nothing, such as a beep. */
export function expectedState(definition: TypeDefinition, { action, value }: Action): StateMap {
  const state: Record<string, Value> = {};
  for (const [name, effect] of Object.entries(actionOf(definition, action)?.sets ?? {})) {
    if (typeof effect !== 'object') state[name] = effect;
    else if ('above_zero' in effect) state[name] = Number(value) > 0;
    else if (isPlain(value)) state[name] = value;
  }
  return state;
}

const isPlain = (value: ActionValue | undefined): value is Value =>
  value !== undefined && typeof value !== 'object';

/** What can be asked for ahead of time: neither a toggle nor settings, and each effect once. */
export function askableActions({ actions }: TypeDefinition): ActionDefinition[] {
  const seen = new Set<string>();
  return actions.filter(({ name, value, sets = {}, toggles }) => {
    if (toggles !== undefined || value?.type === 'object') return false;
    const isLasting = Object.keys(sets).length > 0;
    const effect = isLasting ? JSON.stringify([sets, value ?? null]) : name;
    if (seen.has(effect)) return false;
    seen.add(effect);
    return true;
  });
}

/** Those of them that leave a state behind: what one can ask for, for a while. */
export const lastingActions = (definition: TypeDefinition): ActionDefinition[] =>
  askableActions(definition).filter(({ sets = {} }) => Object.keys(sets).length > 0);

/** What all of several devices can do, for a group of them; undefined when there are none. */
export function commonDefinition(
  definitions: readonly TypeDefinition[],
): TypeDefinition | undefined {
  const [first, ...others] = definitions;
  if (first === undefined) return undefined;
  const { power, ...rest } = first;
  const actions = first.actions.filter(({ name }) =>
    others.every((other) => actionOf(other, name) !== undefined),
  );
  const haveAllPower = power !== undefined && others.every((other) => other.power !== undefined);
  return { ...rest, actions, ...(haveAllPower && { power }) };
}

/** The newest of a device's commands that has to do with a control; `commands` are newest first. */
export function commandOf(
  control: Control,
  commands: readonly Command[],
  definition: TypeDefinition,
): Command | undefined {
  return commands.find((command) => {
    if (control.kind !== 'switch') return command.action === control.action.name;
    return control.property in expectedState(definition, command);
  });
}
