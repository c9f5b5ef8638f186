import type { StateMap } from '#devices';
import { printable } from './table.ts';

/**
 * The value of an action as it is typed: a number, `true`, `false`, `null` or a JSON object is what
 * it looks like, anything else is text.
 */
export function readValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' || Array.isArray(value) ? text : value;
  } catch {
    return text;
  }
}

/** The members of a body that say what is to be done; `value` only when there is one. */
export const actionOf = (action: string, value: string | undefined): Record<string, unknown> =>
  value === undefined ? { action } : { action, value: readValue(value) };

/** `setFanSpeed 3`, as a person would type it. What is in an object may be a secret. */
export function actionWords({
  action,
  value,
}: {
  readonly action: string;
  readonly value?: unknown;
}): string {
  const isPlain = value !== null && value !== undefined && typeof value !== 'object';
  return isPlain ? printable(`${action} ${value}`) : printable(action);
}

/** `powerOn true, fanSpeed 2`: properties of a device as they are reported. */
export const stateWords = (state: StateMap): string =>
  printable(
    Object.entries(state)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
