/**
 * Makes fewer points of many for a chart. The highest and the lowest stay, whatever else goes: they
 * are what is looked for in a chart.
 */

/** `lttb` keeps the shape (Steinarsson 2013, largest triangle three buckets), `minmax` every swing. */
export const thinnings = ['lttb', 'minmax'] as const;
export type Thinning = (typeof thinnings)[number];

/** The fewest points that have both the highest and the lowest. */
export const fewestPoints = 2;

/** Points in order of time, in columns of equal length. */
export interface Curve {
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Which points of a curve stay, at most `most` (two or more), in order. */
export function thin(curve: Curve, most: number, thinning: Thinning): readonly number[] {
  const { length } = curve.times;
  if (length <= most) return Array.from({ length }, (_, at) => at);
  const kept = new Set(extremesOf(curve.values, 0, length));
  if (thinning === 'minmax') keepSwings(curve, most, kept);
  else keepShape(curve, most, kept);
  return [...kept].sort((a, b) => a - b);
}

function extremesOf(
  values: ArrayLike<number>,
  from: number,
  until: number,
): readonly [lowest: number, highest: number] {
  let [lowest, highest] = [from, from];
  for (let at = from + 1; at < until; at++) {
    if ((values[at] as number) < (values[lowest] as number)) lowest = at;
    if ((values[at] as number) > (values[highest] as number)) highest = at;
  }
  return [lowest, highest];
}

function keepSwings({ times, values }: Curve, most: number, kept: Set<number>): void {
  const { length } = times;
  for (const end of [0, length - 1]) if (kept.size < most) kept.add(end);
  const slots = Math.floor((most - kept.size) / 2);
  for (let slot = 0; slot < slots; slot++) {
    const from = Math.floor((slot * length) / slots);
    const until = Math.floor(((slot + 1) * length) / slots);
    if (from < until) for (const at of extremesOf(values, from, until)) kept.add(at);
  }
}

function keepShape(curve: Curve, most: number, kept: Set<number>): void {
  const { length } = curve.times;
  const room = most - kept.size;
  if (room < 3) {
    for (const end of [0, length - 1]) if (kept.size < most) kept.add(end);
    return;
  }
  for (const at of largestTriangles(curve, room)) kept.add(at);
}

/** The first and the last, and of each bucket between the point that its neighbours need most. */
function* largestTriangles({ times, values }: Curve, count: number): Iterable<number> {
  const { length } = times;
  const bucketOf = (bucket: number): number =>
    1 + Math.floor((bucket * (length - 2)) / (count - 2));
  let chosen = 0;
  yield chosen;
  for (let bucket = 0; bucket < count - 2; bucket++) {
    const [from, until] = [bucketOf(bucket), bucketOf(bucket + 1)];
    const next = meanOf({ times, values }, until, Math.min(length, bucketOf(bucket + 2)) || length);
    let largest = -1;
    const [time, value] = [times[chosen] as number, values[chosen] as number];
    let best = from;
    for (let at = from; at < until; at++) {
      const area = Math.abs(
        (time - next.time) * ((values[at] as number) - value) -
          (time - (times[at] as number)) * (next.value - value),
      );
      if (area > largest) {
        largest = area;
        best = at;
      }
    }
    chosen = best;
    yield chosen;
  }
  yield length - 1;
}

function meanOf({ times, values }: Curve, from: number, until: number) {
  const end = Math.max(from + 1, until);
  let [time, value] = [0, 0];
  for (let at = from; at < end; at++) {
    time += times[at] as number;
    value += values[at] as number;
  }
  const count = end - from;
  return { time: time / count, value: value / count };
}
