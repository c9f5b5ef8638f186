/** What the hub says of the history that it keeps: how long, how much, and what leaves it. */

export type Tier = 'raw' | '1m' | '1h' | '1d';

/** Days, by how finely readings are kept: all of them, and sums by the minute, hour and day. */
export interface KeptDays {
  readonly raw_days: number;
  readonly minute_days: number;
  readonly hour_days: number;
  readonly day_days: number;
}

export type KeptRule = { readonly [Name in keyof KeptDays]: number | null } & {
  readonly id: string;
  /** One of the two: a rule is about a device, or about all of a type. */
  readonly device_id: string | null;
  readonly type: string | null;
  /** Null: everything that it measures. */
  readonly metric: string | null;
};

/** A rule about the same takes the place of the one before. */
export type NewRule = Partial<KeptDays> & {
  readonly device_id?: string;
  readonly type?: string;
  readonly metric?: string;
};

export interface Retention {
  readonly home: KeptDays;
  readonly rules: readonly KeptRule[];
}

interface Amount {
  readonly points: number;
  readonly bytes: number;
}

export interface Going extends Amount {
  /** 0: with the next housekeeping; else in so many days. */
  readonly in_days: number;
  readonly reason: 'age' | 'disk';
  readonly tier: Tier;
  readonly device_id: string;
  readonly metric: string;
  readonly start: string;
  readonly end: string;
}

export interface RetentionPlan {
  readonly days: number;
  readonly free_disk: { readonly free_bytes: number | null; readonly floor_bytes: number };
  readonly next: Amount;
  readonly total: Amount;
  /** Soonest first. */
  readonly going: readonly Going[];
}

export interface Storage {
  /** `sealed`: what came in lately, as it came. */
  readonly tiers?: readonly (Amount & { readonly tier: Tier | 'sealed' })[];
  readonly journal_bytes: number;
  readonly file_bytes: number;
  readonly oldest: string | null;
}

export type ExportFormat = 'parquet' | 'csv' | 'jsonl' | 'ha-statistics';

export interface NewExport {
  readonly start: string;
  readonly end: string;
  readonly format: ExportFormat;
  readonly devices?: readonly string[];
  readonly partition: 'date' | 'none';
}

export interface ExportJob {
  readonly id: string;
  readonly status: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly format: ExportFormat;
  readonly start: string;
  readonly end: string;
  /** Null: all that there were. */
  readonly devices: readonly string[] | null;
  /** A folder or a bucket; null: its files are downloaded from here. */
  readonly destination: string | null;
  /** Whether values of sensitive metrics are in it. */
  readonly sensitive: boolean;
  readonly requested_by: string;
  readonly created_at: string;
  readonly progress: {
    readonly days_done: number;
    readonly days: number;
    readonly rows: number;
    readonly bytes: number;
  };
  readonly problem: { readonly message: string; readonly hint: string | null } | null;
}

export interface ExportFile {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** What is to be deleted; all that a device ever sent, as far as nothing narrows it. */
export interface Deletion {
  readonly deviceId: string;
  readonly metric?: string;
  readonly startMs?: number;
  /** Before this. */
  readonly endMs?: number;
}
