import type { ProfileAction } from './actions.ts';
import type { Random } from './random.ts';

export type Value = number | boolean | string;

/** A quantity that drifts: it stays between `low` and `high` and moves at most `step` at a time. */
export interface Walk {
  readonly start: number;
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

/** Something a person can set on the device: a switch, or a whole number within bounds. */
export type Setting =
  | { readonly start: boolean }
  | { readonly start: number; readonly low: number; readonly high: number };

/** How a metric or a target sees the device: its drifting quantities and what is set on it. */
export interface View {
  walk(name: string): number;
  level(name: string): number;
  on(name: string): boolean;
}

/** A kind of device, as data: what drifts, what can be set and told, and what it reports of it. */
export interface Profile {
  readonly type: string;
  /** How often the real thing would report, in milliseconds. */
  readonly everyMs: number;
  readonly walks: Readonly<Record<string, Walk>>;
  readonly settings: Readonly<Record<string, Setting>>;
  /** What a command does to the settings. */
  readonly actions?: Readonly<Record<string, ProfileAction>>;
  /** Where a quantity is drawn to; one without a target wanders freely. */
  readonly targets?: Readonly<Record<string, (view: View) => number>>;
  readonly metrics: Readonly<Record<string, (view: View) => Value>>;
}

/** What one device of a profile is like at one moment. Plain data: a step makes a new one. */
export interface Condition {
  readonly walks: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
}

/** The condition of a device that was just switched on; no two devices begin quite alike. */
export function firstCondition(profile: Profile, random: Random): Condition {
  return {
    walks: mapValues(profile.walks, (walk) =>
      clamp(walk.start + (random() * 2 - 1) * walk.step, walk.low, walk.high),
    ),
    settings: mapValues(profile.settings, (setting) => setting.start),
  };
}

/** The condition one report later. No quantity moves by more than its `step`. */
export function nextCondition(profile: Profile, now: Condition, random: Random): Condition {
  const view = viewOf(now);
  const walks = mapValues(profile.walks, (walk, name) => {
    const value = view.walk(name);
    const wander = (random() * 2 - 1) * walk.step;
    const target = profile.targets?.[name]?.(view);
    const pull = target === undefined ? wander : clamp(target - value, -walk.step, walk.step);
    return clamp(value + 0.4 * wander + 0.6 * pull, walk.low, walk.high);
  });
  return { walks, settings: now.settings };
}

/** What the device would report in this condition. */
export const readingOf = (profile: Profile, condition: Condition): Record<string, Value> => {
  const view = viewOf(condition);
  return mapValues(profile.metrics, (metric) => metric(view));
};

/**
 * The condition after a person has set `name` to `text` (`on`, `off`, a number).
 * @returns what is wrong, in words, when there is no such setting or value.
 */
export function withSetting(
  profile: Profile,
  condition: Condition,
  name: string,
  text: string,
): Condition | { readonly problem: string } {
  const setting = profile.settings[name];
  if (setting === undefined) {
    const known = Object.keys(profile.settings).join(', ') || 'nothing';
    return { problem: `a ${profile.type} has no ${name}; it has ${known}` };
  }
  const value = 'low' in setting ? wholeNumber(text, setting.low, setting.high) : onOrOff(text);
  if (value === undefined) {
    const wanted = 'low' in setting ? `${setting.low} to ${setting.high}` : 'on or off';
    return { problem: `${name} takes ${wanted}, not "${text}"` };
  }
  return { ...condition, settings: { ...condition.settings, [name]: value } };
}

export const round = (value: number, decimals: number): number => Number(value.toFixed(decimals));

function viewOf(condition: Condition): View {
  return {
    walk: (name) => known(condition.walks[name], name),
    level: (name) => Number(known(condition.settings[name], name)),
    on: (name) => known(condition.settings[name], name) === true,
  };
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the profile does not define ${name}`);
  return value;
}

function wholeNumber(text: string, low: number, high: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= low && value <= high ? value : undefined;
}

const onOrOff = (text: string): boolean | undefined =>
  ({ on: true, true: true, off: false, false: false })[text.toLowerCase()];

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

const mapValues = <From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
