import type { Sight } from '#auth';
import type { ActionValue } from '#devices';

/**
 * Something with the value of an action for these devices, as somebody may see it: settings may hold
 * secrets, so an object is for those who may control each of them. For others the value is null and
 * `value_hidden` true.
 */
export function shownTo<Shown extends { readonly value?: ActionValue }>(
  sight: Sight,
  deviceIds: readonly string[],
  shown: Shown,
): Shown & { readonly value_hidden?: true } {
  const { value } = shown;
  const isPlain = typeof value !== 'object' || value === null;
  // What is for no device at present may be for any tomorrow.
  const asked = deviceIds.length === 0 ? [''] : deviceIds;
  if (isPlain || asked.every((id) => sight.controls(id))) return shown;
  return { ...shown, value: null, value_hidden: true };
}
