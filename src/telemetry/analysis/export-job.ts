import type { OffsetSpan } from '#kernel';
import type {
  ExportColumn,
  ExportDay,
  ExportedDevice,
  ExportFile,
  ExportFormat,
  ExportProgress,
  Partition,
} from '../exports/types.ts';
import type { Snapshot } from '../worker/protocol.ts';

/** What the analysis process is to write, and where. */
export interface WideExportJob {
  readonly format: Exclude<ExportFormat, 'ha-statistics'>;
  readonly partition: Partition;
  /** An absolute path; the files are written below it, under their names. */
  readonly folder: string;
  /** Where readings are; `undefined` when all that is written comes in pages. */
  readonly snapshot: Snapshot | undefined;
  readonly days: readonly ExportDay[];
  readonly devices: readonly string[];
  /** Only these metrics; `undefined` for all. */
  readonly fields: readonly string[] | undefined;
  /** What is not to be read from the snapshot: it is withheld, or comes in pages, opened. */
  readonly without: readonly { readonly device: string; readonly metric: string }[];
  /** Whether there are pages to be asked for. */
  readonly hasPages: boolean;
  readonly timeZone: string;
  /** What local time is ahead of UTC, from the first day on. */
  readonly offsets: readonly OffsetSpan[];
}

/** Values of one device that the hub itself has read; the process asks until there is no more. */
export interface ValuePage {
  readonly device: string;
  readonly metrics: readonly string[];
  /** Columns of equal length: which of `metrics`, when, and what. */
  readonly metric: Uint16Array;
  readonly timesUs: Float64Array;
  /** As `kinds` of points.ts has them; never sealed. */
  readonly kinds: Uint8Array;
  /** 0 or 1 for a boolean; of a text nothing. */
  readonly values: Float64Array;
  /** The texts, in their order. */
  readonly texts: readonly string[];
}

export interface WideExportAnswer {
  readonly columns: readonly ExportColumn[];
  readonly files: readonly ExportFile[];
  readonly devices: readonly ExportedDevice[];
}

export type WideExportProgress = ExportProgress;
