export const exportFormats = ['parquet', 'csv', 'jsonl', 'ha-statistics'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const partitions = ['date', 'none'] as const;
export type Partition = (typeof partitions)[number];

export type ExportStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** A file as it was written, by its name below the destination; sizes in bytes. */
export interface ExportFile {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** A column of the wide table. */
export interface ExportColumn {
  readonly name: string;
  /** As DuckDB calls it. */
  readonly type: 'VARCHAR' | 'TIMESTAMP' | 'DOUBLE' | 'BOOLEAN' | 'INTEGER';
  /** The metric in it, which may be called otherwise: two names that differ in case are one column's. */
  readonly metric?: string;
}

/** What there is of one device; times are ISO 8601 UTC. */
export interface ExportedDevice {
  readonly device_id: string;
  /** Its oldest reading in the export: raw readings of before are gone, or never were. */
  readonly from: string;
  readonly until: string;
}

export interface WithheldMetrics {
  readonly device_id: string;
  readonly metrics: readonly string[];
}

export interface ExportProgress {
  readonly days_done: number;
  readonly days: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What is wanted, and for whom. Times are microseconds since 1970. */
export interface ExportOrder {
  readonly format: ExportFormat;
  readonly startUs: number;
  readonly endUs: number;
  /** Sums instead of readings, as they are written: `1h`. */
  readonly interval: string | null;
  readonly partition: Partition;
  /** All that the caller sees, by id. */
  readonly deviceIds: readonly string[];
  readonly fields: readonly string[] | null;
  /** Whether values of sensitive metrics come along. */
  readonly sensitive: boolean;
  /** An absolute path, `s3://bucket/prefix`, or `null` for the hub's own folder. */
  readonly destination: string | null;
}

/** A job as REST shows it and as it is kept. */
export interface ExportJob {
  readonly id: string;
  readonly status: ExportStatus;
  readonly format: ExportFormat;
  readonly start: string;
  readonly end: string;
  readonly interval: string | null;
  readonly partition: Partition;
  /** `null`: all that there were. */
  readonly devices: readonly string[] | null;
  readonly fields: readonly string[] | null;
  readonly destination: string | null;
  readonly sensitive: boolean;
  readonly withheld: readonly WithheldMetrics[];
  readonly requested_by: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly progress: ExportProgress;
  readonly problem: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  } | null;
  /** Once it is done. */
  readonly files: readonly ExportFile[];
}

/** What a finished export holds. */
export interface Exported {
  readonly files: readonly ExportFile[];
  readonly columns: readonly ExportColumn[];
  readonly devices: readonly ExportedDevice[];
}

/** A day of the home's calendar, or the part of it that is asked for. */
export interface ExportDay {
  /** `2026-01-31`. */
  readonly date: string;
  readonly startUs: number;
  readonly endUs: number;
}
