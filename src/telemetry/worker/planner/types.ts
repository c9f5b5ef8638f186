import type { FileTier, RollupTier } from '../tiers/tiers.ts';

/** From `fromUs`, before `untilUs`. */
export interface Range {
  readonly fromUs: number;
  readonly untilUs: number;
}

/** What a file holds of a series; those that arrived later come later. */
export interface StoredExtent {
  readonly file: string;
  readonly tier: FileTier;
  readonly fromUs: number | null;
  readonly untilUs: number | null;
  readonly oldestUs: number;
  readonly newestUs: number;
  readonly points: number;
  readonly complete: boolean;
}

/** What a generation of the tail holds of a series. */
export interface LiveExtent {
  /** Which generation; a later one has a higher number. */
  readonly generation: number;
  readonly oldestUs: number;
  readonly newestUs: number;
  readonly points: number;
  readonly disordered: boolean;
}

/** All that there is of one series within a time. */
export interface Stock {
  readonly series: number;
  /** In order of arrival. */
  readonly files: readonly StoredExtent[];
  readonly live: readonly LiveExtent[];
  /** What is to be forgotten of it, and may still be in these files. */
  readonly erased: readonly Range[];
}

/** What is asked for. */
export interface Asked extends Range {
  /** Where a bucket of the answer ends that an instant lies in; Infinity for the last. */
  readonly after: (us: number) => number;
  /** Further edges of the answer, of which there are few: the plan is made anew after each. */
  readonly cuts?: readonly number[];
}

/**
 * Rows of a rollup, or readings: `raw` from files of days and from what is not compacted yet, `late`
 * only from the latter, because the rest of their day is answered by a rollup.
 */
export type PartKind = RollupTier | 'raw' | 'late';

/** What is read of one series. */
export interface PartSeries {
  readonly series: number;
  /** In order of arrival. */
  readonly files: readonly string[];
  readonly generations: readonly number[];
}

/** Several series, read from sources of one kind within the same ranges of time. */
export interface Part {
  readonly kind: PartKind;
  readonly ranges: readonly Range[];
  readonly series: readonly PartSeries[];
  /** Whether a time of a series may be found twice, so that what arrived last has to be chosen. */
  readonly overlapping: boolean;
}
