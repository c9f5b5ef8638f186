import type { Scalar } from '../types.ts';
import { propertyOf, sameValue, truthOf } from './agreement.ts';
import { stateAfter } from './effects.ts';
import { isInRange } from './ranges.ts';
import type {
  Action,
  ActionDefinition,
  ActionValue,
  StateMap,
  TypeDefinition,
  ValueRange,
} from './types.ts';

/** An action that could help, and what the device would be like after it. */
interface Step {
  readonly action: Action;
  readonly after: StateMap;
}

/**
 * The actions that bring a device from what it reports to what is wanted, in their order; `[]` when
 * nothing differs. What was not reported counts as differing; what no action sets is left out.
 *
 * A device that is to be off is turned off and no more: what else it should be like waits until it is
 * on. Otherwise each step is the action that mends most of what differs, so that `setFanSpeed 3`
 * stands for `turnOn` as well, and whatever turns the device on goes first.
 */
export function actionsFor(
  definition: TypeDefinition,
  wanted: StateMap,
  reported: StateMap,
): Action[] {
  const { power } = definition;
  const wantedPower = power && propertyOf(wanted, power.property);
  if (power && wantedPower !== undefined && truthOf(wantedPower) === false) {
    return mends(reported, wanted, power.property) ? [] : [{ action: power.off }];
  }
  const steps = definition.actions.flatMap((action) => stepOf(action, wanted) ?? []);
  const harmless = steps.filter((step) => !spoils(step, wanted));
  const first = onlyBySpoiling(steps, harmless, wanted, reported);
  // A fan at 0 may pass for off: what such a step spoils is mended by those after it.
  const between: StateMap = Object.assign({}, reported, ...first.map(({ after }) => after));
  const rest = fewest(harmless, wanted, between);
  const turnsOn = ({ after }: Step) => power !== undefined && Object.hasOwn(after, power.property);
  const ordered = [...rest.filter(turnsOn), ...rest.filter((step) => !turnsOn(step))];
  return [...first, ...ordered].map(({ action }) => action);
}

/** A step for each property that differs and that no action sets without spoiling another. */
function onlyBySpoiling(
  steps: readonly Step[],
  harmless: readonly Step[],
  wanted: StateMap,
  reported: StateMap,
): Step[] {
  const chosen = new Set<Step>();
  for (const name of differing(wanted, reported)) {
    const helps = ({ after }: Step) => mends(after, wanted, name);
    if (harmless.some(helps)) continue;
    const step = steps.find(helps);
    if (step) chosen.add(step);
  }
  return [...chosen];
}

/** Takes the step that mends most of what still differs, until none helps any more. */
function fewest(steps: readonly Step[], wanted: StateMap, reported: StateMap): Step[] {
  const chosen: Step[] = [];
  let open = differing(wanted, reported);
  for (;;) {
    const mended = ({ after }: Step) => open.filter((name) => mends(after, wanted, name)).length;
    let best: Step | undefined;
    for (const step of steps) {
      if (mended(step) === 0) continue;
      const gain = best === undefined ? 1 : mended(step) - mended(best);
      if (
        best === undefined ||
        gain > 0 ||
        (gain === 0 && strays(step, wanted) < strays(best, wanted))
      )
        best = step;
    }
    if (best === undefined) return chosen;
    const { after } = best;
    chosen.push(best);
    open = open.filter((name) => !mends(after, wanted, name));
  }
}

/** An action with the value that is wanted of it; `undefined` when nothing says which value. */
function stepOf(action: ActionDefinition, wanted: StateMap): Step | undefined {
  const { name, value: range, sets, toggles } = action;
  if (sets === undefined || toggles !== undefined) return undefined;
  if (range === undefined) return { action: { action: name }, after: stateAfter(action, null) };
  for (const [property, effect] of Object.entries(sets)) {
    const target = propertyOf(wanted, property);
    if (typeof effect !== 'object' || !('from' in effect) || target === undefined) continue;
    const value = valueIn(range, target);
    if (value !== undefined)
      return { action: { action: name, value }, after: stateAfter(action, value) };
  }
  return undefined;
}

/** A reported value as an action takes it: `"3"` is 3 for a whole number, `"ON"` is true. */
function valueIn(range: ValueRange, target: Scalar): ActionValue | undefined {
  if (isInRange(range, target)) return target;
  switch (range.type) {
    case 'integer':
    case 'number': {
      const value =
        typeof target === 'string' && target.trim() !== '' ? Number(target) : Number.NaN;
      return isInRange(range, value) ? value : undefined;
    }
    case 'boolean':
      return truthOf(target);
    case 'choice':
      return range.options.find((option) => sameValue(option, target));
    case 'text':
    case 'object':
      return undefined;
  }
}

const differing = (wanted: StateMap, reported: StateMap): string[] =>
  Object.keys(wanted).filter((name) => !mends(reported, wanted, name));

/** Whether a state has a property as it is wanted. */
function mends(state: StateMap, wanted: StateMap, name: string): boolean {
  const value = propertyOf(state, name);
  return value !== undefined && sameValue(value, wanted[name] as Scalar);
}

const spoils = ({ after }: Step, wanted: StateMap): boolean =>
  Object.keys(after).some((name) => Object.hasOwn(wanted, name) && !mends(after, wanted, name));

/** How many properties a step sets of which nothing is wanted. */
const strays = ({ after }: Step, wanted: StateMap): number =>
  Object.keys(after).filter((name) => !Object.hasOwn(wanted, name)).length;
