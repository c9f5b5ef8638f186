import { HearthError, isHearthError, messageOf } from '#kernel';
import type { Problem } from './protocol.ts';

/** What was thrown, ready to be sent; a bug is `storage_failed` with its message. */
export function problemOf(error: unknown): Problem {
  if (!isHearthError(error)) {
    return { code: 'storage_failed', message: messageOf(error), retryable: false };
  }
  const { code, message, hint, field, retryable } = error;
  return { code, message, hint, field, retryable };
}

export const errorOf = ({ code, message, hint, field, retryable }: Problem): HearthError =>
  new HearthError(code, message, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(field === undefined ? {} : { field }),
  });
