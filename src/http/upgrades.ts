import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { actorOf, type Caller, isOwnOrigin, may } from '#auth';
import { HearthError, type Log, messageOf } from '#kernel';
import { type Arrival, isInside, isLoopback } from './arrival.ts';
import type { CallerOf } from './callers.ts';
import type { Denial } from './denials.ts';
import { isOurHost } from './host-names.ts';
import { type Problem, problemOf } from './problem.ts';

/** A WebSocket that was let in, and what is known of who is at its other end. */
export interface WebSocketVisit {
  readonly request: IncomingMessage;
  readonly remoteAddress: string;
  /** Undefined on `/mqtt`, where the broker asks, and on `/ws` until the first message says so. */
  readonly caller: Caller | undefined;
  /** The client certificate of the TLS connection, if it showed one; DER. Not yet judged. */
  readonly certificateDer: Uint8Array | undefined;
  /** Asks once more who the request's cookie or token stands for. */
  readonly reauthenticate: () => Promise<Caller | undefined>;
}

export type WebSocketHandler = (ws: WebSocket, visit: WebSocketVisit) => void;
export type WebSocketHandlers = Readonly<Record<'/ws' | '/mqtt', WebSocketHandler>>;

export interface UpgradesOptions {
  readonly handlers: WebSocketHandlers;
  readonly callerOf: CallerOf;
  readonly ourNames: () => ReadonlySet<string>;
  /** Other origins whose pages may open one, with a token in its first message. */
  readonly allowedOrigins: ReadonlySet<string>;
  readonly onDenied: (denial: Denial) => void;
  /** How many of each may be open, and how large a message may be, in bytes. */
  readonly limits: Readonly<Record<'/ws' | '/mqtt', { clients: number; messageBytes: number }>>;
  readonly log: Log;
}

type Path = keyof WebSocketHandlers;

/** RFC 6455 §7.4.1. */
const goingAway = 1001;

/** Turns HTTP connections into WebSockets: `/ws` is the live view, `/mqtt` the broker. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #servers: Readonly<Record<Path, WebSocketServer>>;

  constructor(options: UpgradesOptions) {
    this.#options = options;
    this.#servers = { '/ws': this.#newServer('/ws'), '/mqtt': this.#newServer('/mqtt') };
  }

  /** Answers one upgrade. Never rejects: what goes wrong is the client's to hear. */
  async handle(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    arrival: Arrival,
  ): Promise<void> {
    socket.on('error', (error) => {
      this.#options.log.debug({ reason: messageOf(error) }, 'a WebSocket broke off');
    });
    let actor = actorOf(undefined);
    try {
      const headers = headersOf(request);
      const path = this.#check(request, headers, arrival);
      const callerNow = () => this.#options.callerOf(headers, 'GET', arrival.door);
      const caller = path === '/ws' ? await callerNow() : undefined;
      actor = actorOf(caller);
      if (path === '/ws') requireMayWatch(caller, headers);
      this.#servers[path].handleUpgrade(request, socket, head, (ws) => {
        this.#options.handlers[path](ws, {
          request,
          remoteAddress: arrival.remoteAddress,
          caller,
          certificateDer: arrival.certificateDer,
          reauthenticate: async () => (caller?.kind === 'local' ? caller : callerNow()),
        });
      });
    } catch (error) {
      const problem = problemOf(error);
      if (!problem) this.#options.log.error({ err: error }, 'an upgrade met a bug');
      refuse(socket, problem);
      if (problem?.status === 401 || problem?.status === 403) {
        this.#options.onDenied({
          actor,
          method: 'GET',
          pattern: pathOf(request) ?? 'other',
          status: problem.status,
          origin: arrival.door === 'socket' ? 'control socket' : arrival.remoteAddress,
        });
      }
    }
  }

  /** Says goodbye on every WebSocket; who does not answer is cut off with the listener's sockets. */
  stop(): void {
    for (const server of Object.values(this.#servers)) {
      for (const client of server.clients) client.close(goingAway, 'the hub is stopping');
      server.close();
    }
  }

  /** Which door is knocked at. @throws HearthError for whoever may not even knock. */
  #check(request: IncomingMessage, headers: Headers, arrival: Arrival): Path {
    const path = pathOf(request);
    if (path === undefined) {
      throw new HearthError('not_found', 'there is no WebSocket here');
    }
    if (!isInside(arrival)) {
      if (!isOurHost(headers.get('host'), this.#options.ourNames())) {
        throw new HearthError('forbidden', 'this hub does not go by that name');
      }
      if (arrival.door === 'http' && !isLoopback(arrival.remoteAddress)) {
        throw new HearthError('forbidden', 'this goes over HTTPS alone: use wss://');
      }
      // Any page may open a WebSocket to anywhere, cookies and all [RFC 6455 §10.2].
      const origin = headers.get('origin');
      const isFromPage = origin !== null || headers.has('sec-fetch-site');
      if (isFromPage && !isOwnOrigin(headers, arrival.door === 'https')) {
        if (origin === null || !this.#options.allowedOrigins.has(origin)) {
          throw new HearthError('forbidden', 'another site made this request');
        }
        headers.delete('cookie');
      }
    }
    if (path === '/mqtt' && !offersMqtt(headers)) {
      throw new HearthError('bad_request', 'the subprotocol must be mqtt');
    }
    if (this.#servers[path].clients.size >= this.#options.limits[path].clients) {
      throw new HearthError('unavailable', 'too many WebSockets are open');
    }
    return path;
  }

  #newServer(path: Path): WebSocketServer {
    return new WebSocketServer({
      noServer: true,
      clientTracking: true,
      perMessageDeflate: false,
      maxPayload: this.#options.limits[path].messageBytes,
      // [MQTT-6.0.0-4]: the one the client offered; `/ws` has none.
      handleProtocols: (offered) => (path === '/mqtt' && offered.has('mqtt') ? 'mqtt' : false),
    });
  }
}

/** A wrong token is refused; without any the first message has to bring one. */
function requireMayWatch(caller: Caller | undefined, headers: Headers): void {
  if (caller !== undefined && !may(caller, 'telemetry.read')) {
    throw new HearthError('forbidden', `${caller.name} may not watch`);
  }
  if (caller === undefined && (headers.has('authorization') || headers.has('x-api-key'))) {
    throw new HearthError('unauthenticated', 'that token or key is not valid');
  }
}

function pathOf(request: IncomingMessage): Path | undefined {
  const [path] = (request.url ?? '').split('?');
  return path === '/ws' || path === '/mqtt' ? path : undefined;
}

/** [MQTT-6.0.0-3]: the client's list of subprotocols includes `mqtt`. */
const offersMqtt = (headers: Headers): boolean =>
  (headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .some((protocol) => protocol.trim() === 'mqtt');

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return headers;
}

function refuse(socket: Duplex, problem: Problem | undefined): void {
  const { status, title } = problem ?? { status: 500, title: 'Internal Server Error' };
  const body = JSON.stringify(problem ?? { status, title });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
