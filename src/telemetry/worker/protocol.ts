import type { ErrorCode } from '#kernel';
import type { Series } from '../batch.ts';
import type {
  DeviceStatistics,
  QuarantinedMessage,
  Sample,
  StorageIncident,
  StorageReport,
  TelemetryQuery,
  Value,
} from '../types.ts';

/** What the main thread and the storage worker say to each other. Everything here is cloned. */

export interface StorageOptions {
  readonly directory: string;
  readonly sealPoints: number;
  readonly sealMs: number;
  readonly retentionUs: number;
  readonly memoryMb: number;
  readonly quarantineKept: number;
  /** The journal grows no further than this; a full journal refuses batches as a full disk does. */
  readonly journalBytes: number;
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
    };
    readonly answer: undefined;
  };
  /** Makes a removed device's readings unfindable; `series` are all that it has, or is about to have. */
  forget: {
    readonly question: { readonly deviceId: string; readonly series: readonly number[] };
    readonly answer: undefined;
  };
  seal: { readonly question: undefined; readonly answer: undefined };
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
