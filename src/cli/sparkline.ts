const blocks = '▁▂▃▄▅▆▇█';

/** One character a value, from the lowest to the highest of them; a gap stays a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const low = known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const block = (value: number) =>
    high === low ? 3 : Math.round(((value - low) / (high - low)) * (blocks.length - 1));
  return values.map((value) => (value === null ? ' ' : blocks[block(value)])).join('');
}

/** Widths of time that a person reads at a glance, in milliseconds. */
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14, 28].map((count) => count * day),
];

/** The narrowest of the usual intervals with which `spanMs` fits into `buckets`. */
export function intervalFor(spanMs: number, buckets: number): number {
  const wanted = spanMs / Math.max(1, buckets);
  return steps.find((step) => step >= wanted) ?? Math.ceil(wanted / day) * day;
}

/** 90000 → `90s`: as the API reads intervals. */
export function durationText(durationMs: number): string {
  const units = [
    ['d', day],
    ['h', hour],
    ['m', minute],
  ] as const;
  for (const [unit, size] of units) {
    if (durationMs % size === 0) return `${durationMs / size}${unit}`;
  }
  return `${Math.ceil(durationMs / second)}s`;
}
