import type { Value } from '../types.ts';

/** Each digit can belong to one part alone: of a megabyte of digits nothing is tried twice. */
const float = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const integer = /^([-+]?\d+)([iu])$/;
const truths: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const least = { i: -(2n ** 63n), u: 0n };
const most = { i: 2n ** 63n - 1n, u: 2n ** 64n - 1n };

/** The value of a field that is not in quotes. A whole number beyond 2^53 is the nearest double. */
export function readFieldValue(spelled: string): Value | { readonly problem: string } {
  if (float.test(spelled)) {
    const value = Number(spelled);
    return Number.isFinite(value) ? value : { problem: `is ${shown(spelled)}, which is too large` };
  }
  const whole = integer.exec(spelled);
  if (whole !== null) return readInteger(spelled, whole[1] as string, whole[2] as 'i' | 'u');
  const truth = truths.get(spelled);
  if (truth !== undefined) return truth;
  if (spelled === '') return { problem: 'is missing' };
  return { problem: `is ${shown(spelled)}: no number, no boolean, and not in quotes` };
}

function readInteger(
  spelled: string,
  digits: string,
  kind: 'i' | 'u',
): number | { problem: string } {
  const isShort = digits.length < 19 && (kind === 'i' || !digits.startsWith('-'));
  if (isShort) return Number(digits);
  if (digits.length <= 40) {
    const value = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
    if (value >= least[kind] && value <= most[kind]) return Number(value);
  }
  return { problem: `is ${shown(spelled)}, which has more than 64 bits` };
}

const shown = (spelled: string): string =>
  JSON.stringify(spelled.length > 60 ? `${spelled.slice(0, 60)}…` : spelled);
