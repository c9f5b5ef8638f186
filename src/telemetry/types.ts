/** What crosses the door of the telemetry slice. Times are microseconds since 1970 UTC, as `number`. */

import type { HearthError } from '#kernel';
import type { Thinning } from './downsample.ts';
import type { FileTier } from './worker/tiers/tiers.ts';

export type Value = number | boolean | string;

/** One accepted message of one device, after its commit. */
export interface Sample {
  readonly deviceId: string;
  /** Microseconds since 1970 UTC: the device's own time, or the receipt. */
  readonly timeUs: number;
  readonly receivedUs: number;
  /** Whether the device gave no usable time and the receipt stands in for it. */
  readonly stamped: boolean;
  /** Flat metric names (`power`, `sensors.pm25`) to values; none of a sensitive metric. */
  readonly values: Readonly<Record<string, Value>>;
  /** Likewise of sensitive metrics: only for those who may see what is sensitive. */
  readonly sensitive?: Readonly<Record<string, Value>>;
}

/** A message on its way in, before anything about it is known to be true. */
export interface Submission {
  readonly deviceId: string;
  /** JSON text as it arrived, or an already parsed body. */
  readonly body: Buffer | unknown;
  readonly source: 'mqtt' | 'http' | 'local';
  readonly topic?: string;
  /** For telling a redelivery from a new reading when there is no device time. */
  readonly delivery?: { readonly packetId: number; readonly duplicate: boolean };
  /** History brought in on purpose: not refused for being older than what is kept. */
  readonly imported?: boolean;
}

/** A message over MQTT that is no telemetry, and nothing else that is known here either. */
export interface SetAside {
  readonly deviceId: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly problem: string;
}

/** What is known of a message once its signature was checked and its boxes were opened. */
export type OpenedMessage =
  | {
      readonly ok: true;
      /** The JSON body to be read. */
      readonly value: unknown;
      /** Whether each reading must have a believable time of its own, so that it counts but once. */
      readonly needsTime?: boolean;
    }
  | { readonly ok: false; readonly field: string; readonly problem: string };

/** Looks at a message before anything is read from it. */
export interface MessageProtection {
  /** `undefined` when nothing is asked of this device's messages. Never throws. */
  open(deviceId: string, payload: Buffer): OpenedMessage | undefined;
}

/** What became of a submission; `committed` resolves once it is on disk. */
export interface Receipt {
  /** Readings (messages with a time) taken in; a batch body may hold many. */
  readonly accepted: number;
  /** Why parts were set aside, naming field and value; empty when all was well. */
  readonly rejected: readonly {
    readonly index: number;
    readonly field: string;
    readonly reason: string;
  }[];
  readonly committed: Promise<void> | undefined;
  /** Why nothing was taken, where it was not for what the message says (rate, storage). */
  readonly error?: HearthError;
}

export const aggregates = [
  'avg',
  'min',
  'max',
  'sum',
  'count',
  'first',
  'last',
  'time_weighted_avg',
  'increase',
  'energy',
] as const;
export type Aggregate = (typeof aggregates)[number];
/** What a bucket tells unless it is asked for something else. */
export const defaultAggregates: readonly Aggregate[] = ['avg', 'min', 'max'];

export interface TelemetryQuery {
  readonly deviceId: string;
  readonly startUs: number;
  readonly endUs: number;
  /** Bucket width; absent for raw readings. `calendar` buckets follow `timeZone` over DST. */
  readonly intervalMs?: number;
  readonly timeZone?: string;
  readonly fields?: readonly string[];
  readonly aggregates?: readonly Aggregate[];
  readonly limit?: number;
  /** Thins the answer out to so many rows for a chart, without losing the highest and the lowest. */
  readonly points?: number;
  /** How; `lttb` by default. */
  readonly thinning?: Thinning;
  readonly order?: 'asc' | 'desc';
  /** `null`: buckets without readings are rows without metrics. They are left out by default. */
  readonly fill?: 'null';
  /** Leaves out what is sealed; the service decides it. */
  readonly withoutSealed?: boolean;
}

/** One answer row: `timestamp` ISO 8601 UTC, then metrics (or `<metric>_avg` …). Gaps are `null`. */
export type TelemetryRow = { readonly timestamp: string } & Readonly<Record<string, Value | null>>;

export interface MetricStatistics {
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly sum: number | null;
  readonly first: Value | null;
  readonly last: Value | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface DeviceStatistics {
  readonly metrics: Readonly<Record<string, MetricStatistics>>;
  /** Kilowatt-hours under the metric `power` (in watts); `null` without one. */
  readonly energyKwh: number | null;
}

export interface QuarantinedMessage {
  readonly id: number;
  readonly deviceId: string;
  readonly receivedAt: string;
  readonly source: string;
  readonly topic: string;
  readonly field: string;
  readonly reason: string;
  /** The first bytes of the payload, as text where it is text. */
  readonly payload: string;
}

/** Something that was lost or set aside and that the owner should know of. */
export interface StorageIncident {
  readonly at: string;
  readonly kind:
    | 'torn_file'
    | 'orphan_file'
    | 'journal_damaged'
    | 'journal_gap'
    | 'compaction_failing'
    | 'mqtt_store_damaged';
  readonly detail: string;
}

/** How the store is doing; sizes in bytes, times in milliseconds. */
export interface TelemetryHealth {
  readonly status: 'ok' | 'starting' | 'failing';
  readonly problem?: string;
  /** The newest batch on disk. */
  readonly committedSeq: number;
  readonly lastCommitMs: number;
  /** Points that are taken in and not yet on disk. */
  readonly waitingPoints: number;
}

/** What the store holds. */
export interface StorageReport {
  readonly journalBatches: number;
  readonly journalBytes: number;
  readonly tailPoints: number;
  readonly files: number;
  readonly fileBytes: number;
  readonly points: number;
  readonly oldestUs: number | null;
  readonly newestUs: number | null;
  /** Files that wait to be made into days. */
  readonly sealedFiles: number;
  /** What the files of each tier come to; of rollups their rows are counted. */
  readonly tiers: readonly {
    readonly tier: FileTier;
    readonly files: number;
    readonly bytes: number;
    readonly points: number;
  }[];
}
