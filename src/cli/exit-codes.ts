import { type ErrorCode, HearthError, isHearthError } from '#kernel';

/** The numbers of sysexits.h, which systemd and scripts know by name. */
const usage = 64;
const dataError = 65;
const noInput = 66;
const unavailable = 69;
const software = 70;
const cannotCreate = 73;
const inputOutput = 74;
const tryAgain = 75;
const noPermission = 77;
const badConfig = 78;

const exitCodes: Readonly<Record<ErrorCode, number>> = {
  bad_request: usage,
  unprocessable: dataError,
  too_large: dataError,
  not_found: noInput,
  gone: noInput,
  unavailable,
  address_in_use: unavailable,
  already_running: unavailable,
  conflict: cannotCreate,
  data_directory: cannotCreate,
  storage_full: inputOutput,
  storage_failed: inputOutput,
  too_many_requests: tryAgain,
  timed_out: tryAgain,
  unauthenticated: noPermission,
  forbidden: noPermission,
  bad_config: badConfig,
};

/**
 * What was asked for is answered, and the answer is no: ends with 1, as grep and cmp do, which is no
 * number of sysexits.h.
 */
export class Finding extends HearthError {}
const finding = 1;

/** What the process ends with: 1 for a finding, else 64 and up as above; 70 for a bug of ours. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Finding) return finding;
  return isHearthError(error) ? exitCodes[error.code] : software;
}

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(exitCodes, code);
