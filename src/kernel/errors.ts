/** The stable codes of everything that can go wrong for a reason a person can act on. */
export const errorCodes = [
  'bad_request',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'gone',
  'too_large',
  'too_many_requests',
  'unprocessable',
  'storage_full',
  'storage_failed',
  'unavailable',
  'timed_out',
  'bad_config',
  'address_in_use',
  'already_running',
  'data_directory',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface HearthErrorOptions {
  /** What the reader can do next, in one plain sentence. */
  readonly hint?: string;
  /** The input field at fault, as its sender spells it (`metrics.power`, `?interval`). */
  readonly field?: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable?: boolean;
  /** Seconds to wait before trying again (HTTP Retry-After, RFC 9110 §10.2.3). */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * An error that is safe to show to whoever caused it: a stable code, a message without secrets and
 * a hint. Anything else that is thrown is a programmer's bug and is shown as such, without detail.
 */
export class HearthError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: HearthErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HearthError';
    this.code = code;
    this.hint = options.hint;
    this.field = options.field;
    this.retryable = options.retryable ?? false;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export const isHearthError = (error: unknown): error is HearthError => error instanceof HearthError;

/** The message of anything that was thrown. For logs, never for strangers. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
