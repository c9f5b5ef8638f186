import type { Tag } from '../line-protocol/types.ts';

export const importFormats = [
  'parquet',
  'csv',
  'jsonl',
  'line-protocol',
  'home-assistant',
] as const;
export type ImportFormat = (typeof importFormats)[number];

/** What a file calls a device: by name, or by what stands before the fields of a line. */
export type SourceDevice =
  | { readonly name: string }
  | { readonly measurement: string; readonly tags: readonly Tag[] };

/** A column of a file, or an entity: what becomes a metric of a device. */
export interface SourceSeries {
  readonly device: SourceDevice;
  /** A name that a metric may have. */
  readonly metric: string;
  /** What Home Assistant calls it. */
  readonly entity?: string;
}

/** Something that was left out, where it stood, and how often. */
export interface LeftOut {
  readonly where: string;
  readonly reason: string;
  readonly count: number;
}

/** What the analysis process hands over at once; its points are laid out as `PointBuffer` has them. */
export interface ImportChunk {
  readonly series: readonly SourceSeries[];
  readonly buffer: ArrayBuffer;
  readonly capacity: number;
  readonly count: number;
  readonly texts: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** How far the reading is, of the job's `total`. */
  readonly done: number;
  readonly total: number;
}

/** What the analysis process is to read. */
export interface ImportReading {
  readonly format: ImportFormat;
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Whose readings they are, where a table does not say. */
  readonly device: string | undefined;
  /** Entities that are meant, beside those that are taken anyway. */
  readonly entities: readonly string[];
}

export type ImportStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** A job as it is shown. Times are ISO 8601 UTC. */
export interface ImportJob {
  readonly id: string;
  readonly status: ImportStatus;
  readonly path: string;
  readonly format: ImportFormat;
  readonly files: number;
  readonly requested_by: string;
  readonly created_at: string;
  readonly ended_at: string | null;
  /** Of bytes, or of the rows of a database. */
  readonly progress: { readonly done: number; readonly total: number };
  /** Values that are on disk. */
  readonly readings: number;
  readonly devices: readonly string[];
  /** Values that were left out. */
  readonly skipped: number;
  /** The first twenty reasons. */
  readonly reasons: readonly LeftOut[];
  /** What the map names and the files do not have; told at the end. */
  readonly unmatched: readonly string[];
  readonly problem: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  } | null;
}
