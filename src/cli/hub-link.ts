import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import {
  createLog,
  HearthError,
  isHearthError,
  messageOf,
  parseDurationMs,
  silentLog,
} from '#kernel';
import type { Invocation } from './invocation.ts';

/** How a request reaches the hub: over its socket, or in this process. */
export interface Link {
  request(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/**
 * The longest wait for the head of an answer, over what `?wait` asks the hub to take for it; the body
 * may take as long as it likes.
 */
const patienceMs = 30_000;
/** What goes through everything that there is takes longer in a hub that has run for years. */
const longPatienceMs = 10 * 60_000;
const longPaths = new Set(['/api/v1/audit/verify', '/api/v1/secrets/rotate', '/api/v1/sql']);
/** Years of readings are taken out of every file. */
const isDeletion = (method: string, pathname: string): boolean =>
  method === 'DELETE' && /^\/api\/v1\/devices\/[^/]+\/telemetry$/.test(pathname);

/** Whether somebody listens on the socket. One that nobody listens on is left from a killed hub. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES') return resolve(false);
      reject(
        new HearthError('forbidden', `the hub's socket ${socketPath} is another user's`, {
          hint: 'Run this as the user the hub runs as: sudo -u hearth hearth …',
        }),
      );
    });
  });
}

/** Reaches the hub that listens on the socket. */
export const socketLink = (socketPath: string): Link => ({
  request: async (request) => call(socketPath, request, await request.text()),
  close: async () => undefined,
});

function call(socketPath: string, { method, url, headers }: Request, body: string) {
  const { pathname, search, searchParams } = new URL(url);
  const isLong = longPaths.has(pathname) || isDeletion(method, pathname);
  const usualMs = isLong ? longPatienceMs : patienceMs;
  const longestMs = usualMs + parseDurationMs(searchParams.get('wait') ?? '0s', 'wait');
  return new Promise<Response>((resolve, reject) => {
    const outgoing = httpRequest({
      socketPath,
      agent: false,
      method,
      path: pathname + search,
      headers: { host: 'localhost', ...Object.fromEntries(headers) },
    });
    outgoing.once('response', (incoming) => {
      outgoing.setTimeout(0);
      resolve(responseOf(incoming));
    });
    outgoing.setTimeout(longestMs, () => outgoing.destroy(tooSlow(longestMs)));
    outgoing.once('error', (cause) => reject(isHearthError(cause) ? cause : wentAway(cause)));
    outgoing.end(body);
  });
}

function responseOf(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 500;
  const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  // A response that cannot have a body must not be given one (Fetch, "null body status").
  const isEmpty = status === 204 || status === 304;
  if (isEmpty) incoming.resume();
  // undici's and Node's types of one and the same stream differ.
  const body = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}

const tooSlow = (longestMs: number): HearthError =>
  new HearthError('timed_out', `the hub did not answer within ${longestMs / 1000} s`, {
    hint: 'hearth logs may say why.',
  });

const wentAway = (cause: unknown): HearthError =>
  new HearthError('unavailable', `the hub went away: ${messageOf(cause)}`, { cause });

/** Reaches a hub that is opened for the occasion, and closed with the link. */
export async function ownLink(at: Invocation): Promise<Link> {
  const { environment, errors } = at.around;
  const log = environment.HEARTH_DEBUG
    ? await createLog({ level: 'debug', pretty: errors.isTTY === true, destination: errors })
    : silentLog;
  const hub = await at.around.openHub({ config: at.config(), log, offline: true });
  return { request: (request) => hub.request(request), close: () => hub.stop() };
}
