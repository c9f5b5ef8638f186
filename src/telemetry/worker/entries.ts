import type { FileTier } from './tiers/tiers.ts';

/** A file as the manifest lists it. */
export interface FileEntry {
  readonly name: string;
  /** The batches whose readings it may hold. */
  readonly firstSeq: number;
  /** Of two readings of one time, that of the file with the higher number arrived later. */
  readonly lastSeq: number;
  readonly bytes: number;
  readonly checksum: number;
  /** Readings; of a rollup its rows. */
  readonly points: number;
  readonly oldestUs: number;
  readonly newestUs: number;
  /** When its newest reading was received, or the file was taken into the manifest again. */
  readonly receivedUs: number;
  readonly tier: FileTier;
  /** The time that it stands for; `null` for a sealed file, which takes what comes. */
  readonly fromUs: number | null;
  readonly untilUs: number | null;
}

/** What a file holds of a series; of a rollup from its first bucket's start to its last reading. */
export interface Extent {
  readonly device: string;
  readonly metric: string;
  readonly oldestUs: number;
  readonly newestUs: number;
  /** Readings, or more where some came twice; of a rollup its rows. */
  readonly points: number;
  /** False for readings that came after others of their day had been removed. */
  readonly complete: boolean;
}

/** A series' part of a file, for a query to choose by. */
export interface FileExtent extends Extent {
  readonly file: string;
  readonly tier: FileTier;
  readonly fromUs: number | null;
  readonly untilUs: number | null;
  readonly lastSeq: number;
}

/** A day that was compacted, with the zone whose calendar it is of. */
export interface Day {
  readonly fromUs: number;
  readonly untilUs: number;
  readonly zone: string;
}

/** Readings that are to leave no trace: what of them arrived up to `untilSeq`. */
export interface Erasure {
  readonly id: number;
  readonly device: string;
  /** `null`: all of them. */
  readonly metric: string | null;
  readonly startUs: number;
  readonly endUs: number;
  readonly untilSeq: number;
}

/** Files that take the place of others, in one step. */
export interface Change {
  readonly added: readonly { readonly file: FileEntry; readonly extents: readonly Extent[] }[];
  readonly doomed: readonly string[];
  readonly days?: readonly Day[];
  /** What else belongs into the same transaction. */
  readonly also?: () => void;
}

/** What the files of a tier come to. */
export interface TierTotals {
  readonly tier: FileTier;
  readonly files: number;
  readonly bytes: number;
  readonly points: number;
}

export interface Totals {
  readonly files: number;
  readonly bytes: number;
  /** Readings: what is summed up is not counted twice. */
  readonly points: number;
  readonly oldestUs: number | null;
  readonly newestUs: number | null;
  readonly tiers: readonly TierTotals[];
}

/** `raw-20260131-00000007.parquet`: the tier, the day in UTC that it begins on, and a number. */
export function tierFileName(tier: FileTier, fromUs: number, number: number): string {
  const day = new Date(fromUs / 1000).toISOString().slice(0, 10).replaceAll('-', '');
  return `${tier}-${day}-${String(number).padStart(8, '0')}.parquet`;
}

/** The number of a tier's file; `undefined` when the name is of no such file. */
export function numberOf(name: string): number | undefined {
  const match = /^(?:sealed|raw|1m|1h|1d)-\d{8}-(\d{8,})\.parquet$/.exec(name);
  return match ? Number(match[1]) : undefined;
}
