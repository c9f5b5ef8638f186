import type { Value } from './wire.ts';

const decimal = /^[+-]?\d{1,30}(?:\.\d{1,30})?$/;
const truths = new Map([
  ['on', 1],
  ['true', 1],
  ['off', 0],
  ['false', 0],
]);

/** One spelling for all, as the hub has it: `true`, `"ON"` and `1` are 1, `"21.50"` is 21.5. */
function plain(value: Value): number | string {
  if (typeof value !== 'string') return Number(value);
  const word = value.trim().toLowerCase();
  return decimal.test(word) ? Number(word) : (truths.get(word) ?? word);
}

/** What a value says as a yes or no, in a device's own spelling; `undefined` when it says neither. */
export function truthOf(value: Value | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  const spelled = plain(value);
  return spelled === 1 ? true : spelled === 0 ? false : undefined;
}

/** Whether two spellings mean the same: `true`, `1` and `ON` do, and `3` and `"3.0"`. */
export const isSame = (left: Value, right: Value | undefined): boolean =>
  right !== undefined && plain(left) === plain(right);
