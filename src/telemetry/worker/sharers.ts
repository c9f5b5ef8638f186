/** What a file holds of a series. */
export interface HeldExtent {
  readonly device: string;
  readonly metric: string;
  readonly file: string;
  readonly oldestUs: number;
  readonly newestUs: number;
}

/**
 * The files that share a stretch of time of a series with another: only in those may a reading be
 * found twice.
 */
export function findSharers(extents: readonly HeldExtent[]): ReadonlySet<string> {
  const sharers = new Set<string>();
  const bySeries = Map.groupBy(extents, ({ device, metric }) => `${device}\n${metric}`);
  for (const held of bySeries.values()) {
    if (held.length < 2) continue;
    const inOrder = held.toSorted((a, b) => a.oldestUs - b.oldestUs);
    let reaching = inOrder[0] as HeldExtent;
    for (const extent of inOrder.slice(1)) {
      if (extent.oldestUs <= reaching.newestUs) {
        sharers.add(extent.file);
        sharers.add(reaching.file);
      }
      if (extent.newestUs > reaching.newestUs) reaching = extent;
    }
  }
  return sharers;
}
