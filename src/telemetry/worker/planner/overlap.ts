/** Whether any two of several stretches of time have an instant in common. */
export function anyOverlap(
  extents: readonly { readonly oldestUs: number; readonly newestUs: number }[],
): boolean {
  if (extents.length < 2) return false;
  let newestUs = Number.NEGATIVE_INFINITY;
  for (const extent of extents.toSorted((a, b) => a.oldestUs - b.oldestUs)) {
    if (extent.oldestUs <= newestUs) return true;
    newestUs = Math.max(newestUs, extent.newestUs);
  }
  return false;
}
