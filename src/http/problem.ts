import { HTTPException } from 'hono/http-exception';
import { type ErrorCode, HearthError } from '#kernel';

/** A problem as RFC 9457 has it, with the stable code, what to do next and the input at fault. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode | 'internal';
  readonly detail?: string;
  readonly hint?: string;
  readonly field?: string;
  /** Under which the log has what a stranger may not see. */
  readonly reference?: string;
}

const statusOf: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unprocessable: 422,
  too_many_requests: 429,
  storage_failed: 503,
  unavailable: 503,
  timed_out: 504,
  storage_full: 507,
  bad_config: 500,
  address_in_use: 500,
  already_running: 500,
  data_directory: 500,
};

/** With `about:blank` the title is the status phrase [RFC 9457 §4.2.1]. */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

/** What whoever caused `error` gets to see; `undefined` for a bug, of which nobody sees a thing. */
export function problemOf(error: unknown): Problem | undefined {
  const known = error instanceof HTTPException ? fromHono(error) : error;
  if (!(known instanceof HearthError)) return undefined;
  const status = error instanceof HTTPException ? error.status : statusOf[known.code];
  return {
    type: 'about:blank',
    title: titles[status] ?? 'Internal Server Error',
    status,
    code: known.code,
    detail: known.message,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(known.field === undefined ? {} : { field: known.field }),
  };
}

/** The answer to a bug: nothing but where to look. */
export const internalProblem = (reference: string): Problem => ({
  type: 'about:blank',
  title: 'Internal Server Error',
  status: 500,
  code: 'internal',
  hint: `Look for ${reference} in the log of the hub (hearth logs).`,
  reference,
});

export function problemResponse(problem: Problem, error?: unknown): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (error instanceof HearthError && error.retryAfterSeconds !== undefined) {
    headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  }
  // RFC 9110 §15.5.2: a 401 names a way in.
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="hearth"');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** Hono's own refusals, which come before a handler: a body that is not JSON, or not declared so. */
function fromHono(error: HTTPException): HearthError {
  if (error.status === 415) {
    return new HearthError('bad_request', 'the body is of a type that is not read here', {
      hint: 'Send it as JSON, with Content-Type: application/json.',
    });
  }
  if (error.status === 413) return new HearthError('too_large', 'the body is too large');
  return new HearthError('bad_request', error.message || 'the request cannot be read');
}
