import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createLog, HearthError, messageOf, silentLog } from '#kernel';
import { isErrorCode } from './exit-codes.ts';
import type { Invocation } from './invocation.ts';

/** How a request reaches the hub: over its socket, or in this process. */
interface Link {
  request(request: Request): Promise<Response>;
  close(): Promise<void>;
}

type Query = Readonly<Record<string, string | undefined>>;

/** The longest wait for the head of an answer; its body may take as long as it likes. */
const patienceMs = 30_000;
const base = 'http://localhost/api/v1';

/** The REST API of a hub, as the commands see it: JSON in, JSON out, problems thrown. */
export class Hub {
  /** Whether this hub runs by itself, or was opened for this command. */
  readonly live: boolean;
  readonly #link: Link;

  constructor(link: Link, live: boolean) {
    this.#link = link;
    this.live = live;
  }

  /** `path` is below /api/v1. @throws HearthError with the code and hint of the hub's problem. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    const response = await this.stream(path, query);
    return (await response.json()) as Answer;
  }

  async post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    const response = await this.#request('POST', path, {}, body);
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  }

  async patch<Answer>(path: string, body: unknown): Promise<Answer> {
    return (await (await this.#request('PATCH', path, {}, body)).json()) as Answer;
  }

  async delete(path: string): Promise<void> {
    await (await this.#request('DELETE', path)).body?.cancel();
  }

  /** An answer whose body is read as it comes. */
  stream(path: string, query: Query = {}): Promise<Response> {
    return this.#request('GET', path, query);
  }

  async #request(method: string, path: string, query: Query = {}, body?: unknown) {
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const response = await this.#link.request(
      new Request(url, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    );
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

export interface Reach {
  /** Make the data directory when it is not there yet. */
  readonly create?: boolean;
  /** Only a hub that runs will do: the command is about its live side. */
  readonly running?: boolean;
}

/**
 * Runs `action` against the hub of the data directory: the running one through its socket, or, when
 * none runs, one opened for the occasion that listens nowhere.
 */
export async function withHub<Result>(
  at: Invocation,
  action: (hub: Hub) => Promise<Result>,
  reach: Reach = {},
): Promise<Result> {
  if (!at.dataExists && !reach.create) {
    throw new HearthError('data_directory', `there is no data directory ${at.data}`, {
      hint: 'Start the hub first (hearth start), or say where it is: --data DIR or HEARTH_DATA.',
    });
  }
  const socketPath = socketPathOf(at.data);
  const live = await answers(socketPath);
  if (!live && reach.running) {
    throw new HearthError('unavailable', `no hub runs in ${at.data}`, {
      hint: 'Start it: hearth start.',
    });
  }
  const link = live ? socketLink(socketPath) : await ownLink(at);
  try {
    return await action(new Hub(link, live));
  } finally {
    await link.close();
  }
}

/** A data directory too deep for a socket says in a file where its socket is. */
export function socketPathOf(data: string): string {
  const note = join(data, 'hearth.sock.path');
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : join(data, 'hearth.sock');
}

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

function socketLink(socketPath: string): Link {
  return {
    request: async (request) => {
      const body = await request.text();
      const url = new URL(request.url);
      return new Promise((resolve, reject) => {
        const call = httpRequest(
          {
            socketPath,
            agent: false,
            method: request.method,
            path: url.pathname + url.search,
            headers: { host: 'localhost', ...Object.fromEntries(request.headers) },
          },
          (incoming) => {
            call.setTimeout(0);
            const status = incoming.statusCode ?? 500;
            const headers = new Headers();
            for (const [name, value] of Object.entries(incoming.headersDistinct)) {
              for (const one of value ?? []) headers.append(name, one);
            }
            const hasBody = status !== 204 && status !== 304;
            if (!hasBody) incoming.resume();
            resolve(new Response(hasBody ? webStream(incoming) : null, { status, headers }));
          },
        );
        call.setTimeout(patienceMs, () => {
          call.destroy();
          reject(
            new HearthError('timed_out', `the hub did not answer within ${patienceMs / 1000} s`, {
              hint: 'hearth logs may say why.',
            }),
          );
        });
        call.once('error', (cause) =>
          reject(
            new HearthError('unavailable', `the hub went away: ${messageOf(cause)}`, { cause }),
          ),
        );
        call.end(body);
      });
    },
    close: async () => undefined,
  };
}

/** undici's and Node's types of one and the same stream differ. */
const webStream = (incoming: Readable): ReadableStream<Uint8Array> =>
  Readable.toWeb(incoming) as ReadableStream<Uint8Array>;

async function ownLink(at: Invocation): Promise<Link> {
  const { environment, errors } = at.around;
  const log = environment.HEARTH_DEBUG
    ? await createLog({ level: 'debug', pretty: errors.isTTY === true, destination: errors })
    : silentLog;
  const hub = await at.around.openHub({ config: at.config(), log, offline: true });
  return { request: (request) => hub.request(request), close: () => hub.stop() };
}

interface Problem {
  readonly code?: unknown;
  readonly title?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly field?: string;
}

async function problemOf(response: Response): Promise<Error> {
  const text = await response.text();
  const problem = parse(text);
  const message = problem.detail ?? problem.title ?? `the hub answered with ${response.status}`;
  const { code, hint, field } = problem;
  // A bug of the hub is not the caller's fault: it has no code of ours.
  if (!isErrorCode(code)) return new Error(hint === undefined ? message : `${message}. ${hint}`);
  return new HearthError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(field === undefined ? {} : { field }),
  });
}

function parse(text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return {};
  }
}
