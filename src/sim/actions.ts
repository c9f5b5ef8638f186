import type { Condition, Profile } from './profile.ts';
import { isRecord } from './record.ts';

/** What a setting becomes: fixed, the value that came with the action, or whether that is above zero. */
export type Change = boolean | 'value' | 'value above zero';

/** Something a device can be told to do, as data. */
export interface ProfileAction {
  /** A whole number within bounds, or a JSON object; absent for an action without a value. */
  readonly takes?: { readonly low: number; readonly high: number } | 'object';
  readonly sets: Readonly<Record<string, Change>>;
}

/** Every device takes settings that it does not explain. */
const common: Readonly<Record<string, ProfileAction>> = {
  setConfig: { takes: 'object', sets: {} },
};

/**
 * The condition once the device has done what it was told.
 * @returns what is wrong, in words, when it has no such action or the value is none of its own.
 */
export function withAction(
  profile: Profile,
  condition: Condition,
  name: string,
  value: unknown,
): Condition | { readonly problem: string } {
  const actions = { ...common, ...profile.actions };
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const known = Object.keys(actions).join(', ');
    return { problem: `a ${profile.type} has no action ${name}; it has ${known}` };
  }
  const problem = misfit(name, action, value);
  if (problem !== undefined) return { problem };
  const changes = Object.entries(action.sets).map(([setting, change]) => [
    setting,
    changed(change, value),
  ]);
  return { ...condition, settings: { ...condition.settings, ...Object.fromEntries(changes) } };
}

function misfit(name: string, { takes }: ProfileAction, value: unknown): string | undefined {
  if (takes === undefined) {
    return value === null || value === undefined ? undefined : `${name} takes no value`;
  }
  if (takes === 'object') return isRecord(value) ? undefined : `${name} takes an object`;
  const { low, high } = takes;
  const fits = Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
  return fits ? undefined : `${name} takes ${low} to ${high}, not ${JSON.stringify(value)}`;
}

function changed(change: Change, value: unknown): boolean | number {
  if (change === 'value') return Number(value);
  return change === 'value above zero' ? Number(value) > 0 : change;
}
