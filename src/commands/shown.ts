import { type Caller, may } from '#auth';
import type { ActionValue } from '#devices';

/**
 * Something with the value of an action, as `caller` may see it: settings may hold secrets, so an
 * object is for those who may control devices. For others the value is null and `value_hidden` true.
 */
export function shownTo<Shown extends { readonly value?: ActionValue }>(
  caller: Caller | undefined,
  shown: Shown,
): Shown & { readonly value_hidden?: true } {
  const { value } = shown;
  const isPlain = typeof value !== 'object' || value === null;
  if (isPlain || may(caller, 'devices.control')) return shown;
  return { ...shown, value: null, value_hidden: true };
}
