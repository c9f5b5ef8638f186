import type { TelemetryRow } from './wire.ts';

/** What is known of one stretch of time: `timeS` is its start, in seconds since 1970 UTC. */
export interface Bucket {
  readonly timeS: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

type Column = (number | null | undefined)[];

/**
 * Columns as uPlot wants them, one array a series: `null` where the line is broken, and `undefined`
 * where another series has a point and this one goes on.
 */
export interface Columns {
  readonly timeS: number[];
  readonly avg: Column;
  readonly min: Column;
  readonly max: Column;
  /** Of the time before, each value at the time that it is compared with. */
  readonly earlier: Column;
}

export interface Summary {
  readonly latest: number;
  readonly latestS: number;
  readonly min: number;
  readonly minS: number;
  readonly max: number;
  readonly maxS: number;
}

/**
 * Takes one metric out of an answer of `/telemetry?interval=…`; empty buckets are left out.
 * @param shown the aggregate that is drawn
 */
export function readBuckets(
  rows: readonly TelemetryRow[],
  metric: string,
  shown = 'avg',
): Bucket[] {
  const buckets: Bucket[] = [];
  for (const row of rows) {
    const avg = row[`${metric}_${shown}`];
    const timeMs = Date.parse(row.timestamp);
    if (typeof avg !== 'number' || Number.isNaN(timeMs)) continue;
    const number = (name: string, fallback: number) => {
      const value = row[`${metric}_${name}`];
      return typeof value === 'number' ? value : fallback;
    };
    buckets.push({
      timeS: timeMs / 1000,
      avg,
      min: number('min', avg),
      max: number('max', avg),
      count: number('count', 1),
    });
  }
  return buckets;
}

/**
 * Folds a live reading into its bucket, exactly as the hub will when it is asked again, and lets go
 * of buckets before `startS`. Late readings find their place too.
 */
export function addReading(
  buckets: readonly Bucket[],
  reading: { readonly timeS: number; readonly value: number },
  intervalS: number,
  startS: number,
): Bucket[] {
  const { value } = reading;
  const timeS = Math.floor(reading.timeS / intervalS) * intervalS;
  const kept = buckets.filter((bucket) => bucket.timeS >= startS - intervalS);
  if (timeS < startS - intervalS) return kept;
  let index = kept.length;
  while (index > 0 && (kept[index - 1]?.timeS ?? 0) >= timeS) index -= 1;
  const found = kept[index];
  if (found?.timeS !== timeS) {
    kept.splice(index, 0, { timeS, avg: value, min: value, max: value, count: 1 });
    return kept;
  }
  kept[index] = {
    timeS,
    avg: (found.avg * found.count + value) / (found.count + 1),
    min: Math.min(found.min, value),
    max: Math.max(found.max, value),
    count: found.count + 1,
  };
  return kept;
}

/**
 * Breaks the line where readings are missing. A device that reports every two minutes leaves every
 * other one-minute bucket empty; that is its rhythm and no gap, so a gap is what is clearly longer
 * than the usual step.
 * @param earlier what it is compared with, moved to the times of `buckets`
 */
export function toColumns(
  buckets: readonly Bucket[],
  intervalS: number,
  earlier: readonly Bucket[] = [],
): Columns {
  const now = broken(buckets, intervalS);
  const before = broken(earlier, intervalS);
  const columns: Columns = { timeS: [], avg: [], min: [], max: [], earlier: [] };
  for (const timeS of [...new Set([...now.keys(), ...before.keys()])].sort((a, b) => a - b)) {
    columns.timeS.push(timeS);
    const bucket = now.get(timeS);
    const other = before.get(timeS);
    columns.avg.push(bucket === null ? null : bucket?.avg);
    columns.min.push(bucket === null ? null : bucket?.min);
    columns.max.push(bucket === null ? null : bucket?.max);
    columns.earlier.push(other === null ? null : other?.avg);
  }
  return columns;
}

/** Buckets by their times, with `null` after each that is followed by a gap. */
function broken(buckets: readonly Bucket[], intervalS: number): Map<number, Bucket | null> {
  const all = new Map<number, Bucket | null>();
  const longestStepS = 3.5 * Math.max(intervalS, usualStepS(buckets));
  let before: Bucket | undefined;
  for (const bucket of buckets) {
    if (before && bucket.timeS - before.timeS > longestStepS) {
      all.set(before.timeS + intervalS, null);
    }
    all.set(bucket.timeS, bucket);
    before = bucket;
  }
  return all;
}

function usualStepS(buckets: readonly Bucket[]): number {
  const steps: number[] = [];
  for (let index = 1; index < buckets.length; index += 1) {
    steps.push((buckets[index]?.timeS ?? 0) - (buckets[index - 1]?.timeS ?? 0));
  }
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/** Latest, lowest and highest, for the words that stand beside the chart. */
export function summarise(buckets: readonly Bucket[]): Summary | undefined {
  const first = buckets[0];
  const last = buckets.at(-1);
  if (!first || !last) return undefined;
  let low = first;
  let high = first;
  for (const bucket of buckets) {
    if (bucket.min < low.min) low = bucket;
    if (bucket.max > high.max) high = bucket;
  }
  return {
    latest: last.avg,
    latestS: last.timeS,
    min: low.min,
    minS: low.timeS,
    max: high.max,
    maxS: high.timeS,
  };
}

/**
 * Joins buckets into wider ones: rows for a table one can read.
 * @param rowStartS where the row begins that a time lies in
 */
export function regroup(
  buckets: readonly Bucket[],
  rowStartS: (timeS: number) => number,
): Bucket[] {
  const groups = new Map<number, Bucket>();
  for (const bucket of buckets) {
    const timeS = rowStartS(bucket.timeS);
    const group = groups.get(timeS);
    const count = (group?.count ?? 0) + bucket.count;
    groups.set(timeS, {
      timeS,
      avg: ((group?.avg ?? 0) * (group?.count ?? 0) + bucket.avg * bucket.count) / count,
      min: Math.min(group?.min ?? bucket.min, bucket.min),
      max: Math.max(group?.max ?? bucket.max, bucket.max),
      count,
    });
  }
  return [...groups.values()].sort((a, b) => a.timeS - b.timeS);
}

/** The lowest and highest value that the chart's scale shows, with air above and below. */
export function valueRange(
  min: number | null,
  max: number | null,
  fromZero: boolean,
  smallest: number,
): [number, number] {
  if (min === null || max === null) return [0, 1];
  const spread = Math.max(max - min, smallest);
  if (fromZero && min >= 0) return [0, Math.max(max, smallest) * 1.12];
  const middle = (min + max) / 2;
  return [middle - spread * 0.62, middle + spread * 0.62];
}
