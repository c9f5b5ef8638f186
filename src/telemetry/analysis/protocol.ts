import type { ErrorCode } from '#kernel';

/** What the hub and its analysis process say to each other. Everything here is cloned. */

/** What a process is told once, on its command line. */
export interface ProcessStart {
  /** A folder of its own, emptied before: what DuckDB has no memory for goes there. */
  readonly directory: string;
  /** A process that holds more memory than this ends itself before the machine suffers. */
  readonly mostBytes: number;
}

export type ToProcess =
  | { readonly kind: 'run'; readonly id: number; readonly verb: string; readonly job: unknown }
  | { readonly kind: 'reply'; readonly question: number; readonly answer: unknown }
  | { readonly kind: 'no reply'; readonly question: number; readonly problem: Problem };

export type FromProcess =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: unknown }
  /** Something that only the hub knows; the job waits for the reply. */
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly question: number;
      readonly asked: unknown;
    }
  | { readonly kind: 'done'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly problem: Problem }
  /** The process ends: it held more than it may. */
  | { readonly kind: 'too much' };

/** A HearthError on its way between two processes. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly field?: string | undefined;
  readonly retryable: boolean;
}
