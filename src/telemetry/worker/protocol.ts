import type { ErrorCode } from '#kernel';
import type { Series } from '../batch.ts';
import type { Going, RetentionPolicy, Shortened } from '../retention/types.ts';
import type { SumTable } from '../sums.ts';
import type {
  Aggregate,
  DeviceStatistics,
  QuarantinedMessage,
  Sample,
  StorageIncident,
  StorageReport,
  TelemetryQuery,
  Value,
} from '../types.ts';
import type { FaultPoint } from './fault-points.ts';
import type { Day, Erasure } from './manifest.ts';
import type { FileTier } from './tiers/tiers.ts';

/** What the main thread and the storage worker say to each other. Everything here is cloned. */

export interface StorageOptions {
  readonly directory: string;
  readonly sealPoints: number;
  readonly sealMs: number;
  readonly memoryMb: number;
  /** The home's, for new days. */
  readonly timeZone: string;
  readonly quarantineKept: number;
  /** The journal grows no further than this; a full journal refuses batches as a full disk does. */
  readonly journalBytes: number;
  /** A day's file that holds more readings than this is left alone: 5 million by default. */
  readonly dayPoints?: number;
  /** Where the process is to end, as in a power cut: for tests alone. */
  readonly dieAt?: FaultPoint;
}

/** What the worker is started with. */
export interface WorkerStart {
  readonly options: StorageOptions;
  /** The newest sequence number that is known to have been committed. */
  readonly highWaterSeq: number;
  readonly nowUs: number;
}

/** A batch on its way to disk; its buffer is transferred. See `PointBuffer` for the layout. */
export interface CommitMessage {
  readonly kind: 'commit';
  readonly id: number;
  readonly buffer: ArrayBuffer;
  readonly capacity: number;
  readonly count: number;
  readonly texts: readonly string[];
  /** Triples: series (for its device), packet identifier, fingerprint. */
  readonly deliveries: Float64Array;
  /** Series used here that are not on disk yet. */
  readonly series: readonly Series[];
  readonly receivedUs: number;
}

/** How much room the disk has. */
export interface DiskSpace {
  /** `undefined` where that cannot be told. */
  readonly freeBytes: number | undefined;
  /** Below it, the oldest readings go. */
  readonly floorBytes: number;
}

/** Where a page of an answer ends and the next one begins. */
export interface Cursor {
  /** The edge of what is still to come: its start when ascending, its end when descending. */
  readonly edgeUs: number;
  /** How much time the next page looks at. */
  readonly spanUs: number;
  /** Rows that may still come. */
  readonly rowsLeft: number;
}

/** A value of a sensitive metric, which the main thread opens for those who may see it. */
export interface SealedValue {
  readonly sealed: string;
}

/** `undefined` where a row has no such metric, `null` where a bucket has none. */
export type Cell = Value | SealedValue | null | undefined;

/** Rows in columns. */
export interface Page {
  readonly timesUs: Float64Array;
  readonly names: readonly string[];
  readonly columns: readonly (readonly Cell[])[];
  readonly next: Cursor | undefined;
}

/** What a snapshot is to hold; all of it where nothing is said. */
export interface SnapshotScope {
  readonly startUs?: number;
  readonly endUs?: number;
  readonly devices?: readonly string[];
  /** The readings (`sealed` and `raw`) when not given; the tail is there whenever `sealed` is. */
  readonly tiers?: readonly FileTier[];
}

/** A file of a snapshot: a Parquet file as it is listed, or the tail as it was. */
export interface SnapshotFile {
  readonly name: string;
  readonly path: string;
  readonly tier: FileTier | 'tail';
  readonly fromUs: number | null;
  readonly untilUs: number | null;
  /** Of two readings of one time, that of the file with the higher number counts. */
  readonly lastSeq: number;
  readonly oldestUs: number;
  readonly newestUs: number;
  readonly points: number;
  /** Series of which it holds late readings alone, whose rollups know more. */
  readonly incomplete: readonly { readonly device: string; readonly metric: string }[];
  /** Whether another file may have a newer value for one of its readings. */
  readonly shares: boolean;
}

/** History as it is at one moment, for processes that read it by themselves. */
export interface Snapshot {
  /** To be released: until then the files stay on the disk. */
  readonly lease: number;
  readonly files: readonly SnapshotFile[];
  /** The compacted days. */
  readonly days: readonly Day[];
  /** To be left out of files with a `lastSeq` up to `untilSeq`. */
  readonly erasures: readonly Erasure[];
}

/** Devices and metrics that are asked about. */
export interface AskedDevice {
  readonly deviceId: string;
  readonly fields?: readonly string[] | undefined;
}

/** Every question to the worker, with its answer. */
export interface Questions {
  page: {
    readonly question: { readonly query: TelemetryQuery; readonly cursor: Cursor | undefined };
    readonly answer: Page;
  };
  statistics: {
    readonly question: {
      readonly deviceId: string;
      readonly startUs: number;
      readonly endUs: number;
      readonly fields: readonly string[] | undefined;
      readonly withoutSealed?: boolean;
    };
    readonly answer: DeviceStatistics;
  };
  /** Statistics of several devices, as far as they need no single readings: without shares. */
  manyStatistics: {
    readonly question: {
      readonly devices: readonly AskedDevice[];
      readonly startUs: number;
      readonly endUs: number;
    };
    readonly answer: Readonly<Record<string, DeviceStatistics>>;
  };
  /** Groups of devices, summed up metric by metric and bucket by bucket. */
  groups: {
    readonly question: {
      readonly groups: readonly (readonly AskedDevice[])[];
      readonly startUs: number;
      readonly endUs: number;
      readonly intervalMs: number;
      readonly timeZone: string;
      readonly aggregates: readonly Aggregate[];
    };
    readonly answer: SumTable;
  };
  report: { readonly question: { readonly incident: StorageIncident }; readonly answer: undefined };
  incidents: { readonly question: undefined; readonly answer: readonly StorageIncident[] };
  quarantine: {
    readonly question: { readonly entries: readonly QuarantinedMessage[] };
    readonly answer: undefined;
  };
  storage: { readonly question: undefined; readonly answer: StorageReport };
  /** Housekeeping: seal when it is time, drop what is past retention. */
  tend: {
    readonly question: {
      readonly nowUs: number;
      /** Whether the clock can be believed enough to remove readings by it. */
      readonly clockIsSteady: boolean;
      /** Without it nothing goes because of its age. */
      readonly policy?: RetentionPolicy;
      readonly space?: DiskSpace;
    };
    /** What went because the disk was full. */
    readonly answer: Shortened | undefined;
  };
  /** What housekeeping would let go of, now and within so many days. */
  retentionPlan: {
    readonly question: {
      readonly nowUs: number;
      readonly days: number;
      readonly policy: RetentionPolicy;
      readonly space: DiskSpace;
    };
    readonly answer: readonly Going[];
  };
  /** Takes readings out of every answer for good; answers the number of this erasure. */
  erase: {
    readonly question: {
      readonly deviceId: string;
      /** All of them without it. */
      readonly metrics: readonly string[] | undefined;
      readonly startUs: number;
      readonly endUs: number;
    };
    readonly answer: number;
  };
  /** Answered when everything that is to be erased has left the disk: how many readings of `id` went. */
  erased: { readonly question: { readonly id: number | undefined }; readonly answer: number };
  /** Makes a removed device's readings unfindable; `series` are all that it has, or is about to have. */
  forget: {
    readonly question: { readonly deviceId: string; readonly series: readonly number[] };
    readonly answer: undefined;
  };
  seal: { readonly question: undefined; readonly answer: undefined };
  /** Seals, and turns all that is sealed into days. */
  compact: { readonly question: undefined; readonly answer: undefined };
  snapshot: { readonly question: SnapshotScope; readonly answer: Snapshot };
  renew: { readonly question: { readonly lease: number }; readonly answer: undefined };
  release: { readonly question: { readonly lease: number }; readonly answer: undefined };
  close: { readonly question: undefined; readonly answer: undefined };
}

export type QuestionName = keyof Questions;

export type AskMessage = {
  [Name in QuestionName]: {
    readonly kind: 'ask';
    readonly id: number;
    readonly name: Name;
    readonly question: Questions[Name]['question'];
  };
}[QuestionName];

export type ToWorker = CommitMessage | AskMessage;

/** The deliveries of one device that are on disk. */
export interface DeviceDeliveries {
  readonly device: string;
  /** Pairs: packet identifier, fingerprint. */
  readonly deliveries: Float64Array;
}

export interface ReadyMessage {
  readonly kind: 'ready';
  readonly series: readonly Series[];
  /** The first number that no series has, nor ever had. */
  readonly nextSeries: number;
  readonly newest: readonly Sample[];
  readonly deliveries: readonly DeviceDeliveries[];
  readonly quarantine: readonly QuarantinedMessage[];
  readonly committedSeq: number;
  readonly lastWrittenUs: number;
}

export type FromWorker =
  | ReadyMessage
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | {
      readonly kind: 'refusal';
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly field: string | undefined;
      readonly retryable: boolean;
    }
  | {
      readonly kind: 'note';
      readonly level: 'info' | 'warn' | 'error';
      readonly text: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
