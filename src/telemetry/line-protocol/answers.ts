import { type ErrorCode, type HearthError, isHearthError } from '#kernel';

/** Which of InfluxDB's two interfaces was asked: they spell their errors differently. */
export type Dialect = 'v1' | 'v2';

/** Hearth's codes as InfluxDB's clients know them, with the status that they act on. */
const spellings: Readonly<Partial<Record<ErrorCode, readonly [status: number, code: string]>>> = {
  bad_request: [400, 'invalid'],
  unauthenticated: [401, 'unauthorized'],
  forbidden: [403, 'forbidden'],
  not_found: [404, 'not found'],
  too_large: [413, 'request too large'],
  unprocessable: [422, 'unprocessable entity'],
  too_many_requests: [429, 'too many requests'],
  unavailable: [503, 'unavailable'],
  storage_failed: [503, 'unavailable'],
  storage_full: [507, 'internal error'],
};

/** An error in the words of InfluxDB. @throws whatever is no HearthError, or none of these. */
export function refusalOf(error: unknown, dialect: Dialect, line?: number): Response {
  const spelled = isHearthError(error) ? spellings[error.code] : undefined;
  if (spelled === undefined) throw error;
  const [status, code] = spelled;
  const { message, hint, retryAfterSeconds } = error as HearthError;
  const said = hint === undefined ? message : `${message} (${hint})`;
  const body =
    dialect === 'v1'
      ? { error: said }
      : { code, message: said, ...(line === undefined ? {} : { line }) };
  const headers = new Headers({ 'content-type': 'application/json; charset=utf-8' });
  // Headers are ASCII; the body has it all.
  headers.set('x-influxdb-error', said.replaceAll(/[^\x20-\x7e]+/g, '?').slice(0, 500));
  headers.set('x-platform-error-code', code);
  if (status === 401) headers.set('www-authenticate', 'Token realm="hearth"');
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds));
  return new Response(JSON.stringify(body), { status, headers });
}
