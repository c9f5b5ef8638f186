import type { Scalar } from '../types.ts';
import type { StateMap } from './types.ts';

const decimal = /^[+-]?\d{1,30}(?:\.\d{1,30})?$/;
const truths: Readonly<Record<string, number>> = { on: 1, true: 1, off: 0, false: 0 };

/** One spelling for all: `true`, `"ON"` and `1` are 1, `"21.50"` is 21.5, other words are small. */
function plain(value: Scalar): number | string {
  if (typeof value !== 'string') return Number(value);
  const word = value.trim().toLowerCase();
  if (decimal.test(word)) return Number(word);
  return Object.hasOwn(truths, word) ? (truths[word] as number) : word;
}

/** Whether two devices' spellings mean the same: `true`, `1`, `"on"` and `"ON"` do. */
export const sameValue = (left: Scalar, right: Scalar): boolean => plain(left) === plain(right);

/** What a value says as a yes or no; `undefined` when it says neither. */
export function truthOf(value: Scalar): boolean | undefined {
  const spelled = plain(value);
  return spelled === 1 ? true : spelled === 0 ? false : undefined;
}

/** A property of a state; a device may name one `constructor`, which no object shall answer for. */
export const propertyOf = (state: StateMap, name: string): Scalar | undefined =>
  Object.hasOwn(state, name) ? state[name] : undefined;

/**
 * Whether a device is as it should be. `unknown` when something expected was not reported and
 * nothing differs; also when nothing is expected, because then there is nothing to see it by.
 */
export function agreement(
  expected: StateMap,
  reported: StateMap,
): 'agrees' | 'differs' | 'unknown' {
  const names = Object.keys(expected);
  let isKnown = names.length > 0;
  for (const name of names) {
    const value = propertyOf(reported, name);
    if (value === undefined) isKnown = false;
    else if (!sameValue(expected[name] as Scalar, value)) return 'differs';
  }
  return isKnown ? 'agrees' : 'unknown';
}
