import { X509Certificate } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Api, AuditPort, SightOf } from '#auth';
import type { Config } from '#config';
import type { Clock, Log, Part, Unlisten } from '#kernel';
import { buildApp } from './app.ts';
import { type Arrival, arrivalAt, type Door } from './arrival.ts';
import { type CallerOf, type CallersOptions, callers } from './callers.ts';
import { prepareControlSocket, removeControlSocket } from './control-socket.ts';
import { Denials } from './denials.ts';
import { isOurPage, namesOfCertificate } from './host-names.ts';
import { Listener, serverLimits } from './listener.ts';
import type { Operations } from './operations.ts';
import type { KeyHolder } from './secrets-routes.ts';
import { Upgrades, type WebSocketHandlers } from './upgrades.ts';

export interface HttpServerOptions {
  readonly config: Config;
  readonly authority: {
    readonly caPem: string;
    readonly caFingerprint: string;
    serverCredentials(): { readonly certificatePem: string; readonly keyPem: string };
    readonly onServerCertificate: { listen(listener: () => void): Unlisten };
  };
  readonly auth: CallersOptions['auth'];
  readonly devices: CallersOptions['devices'];
  /** What the slices add below `/api/v1`. */
  readonly routes: readonly ((api: Api) => void)[];
  /** What they add at `/`, where a standard says that it is: `/.well-known/…`, `/ca.crl`. */
  readonly rootRoutes?: readonly ((api: Api) => void)[];
  readonly sightOf?: SightOf;
  /** Where whoever is turned away is written down. */
  readonly audit: AuditPort;
  readonly secrets: KeyHolder;
  /** Where the built dashboard is, or will be. */
  readonly webDirectory: string;
  readonly onWebSocket: WebSocketHandlers;
  readonly ops: Operations;
  readonly clock: Clock;
  readonly log: Log;
}

/** A message of the live view is a list of ids at most. */
const liveMessageBytes = 64 * 1024;
/** Browsers open six at a time and scrapers one: enough for a home on top of its WebSockets. */
const plainConnections = 512;

/** HTTPS and HTTP for the LAN, a socket for the command line, and the app behind all of them. */
export class HttpServer implements Part {
  readonly name = 'http';
  readonly #options: HttpServerOptions;
  readonly #app: Api;
  readonly #callerOf: CallerOf;
  #upgrades: Upgrades | undefined;
  #listeners: Partial<Record<'https' | 'http' | 'socket', Listener>> = {};
  #ourNames: ReadonlySet<string> = new Set();
  #unlisten: Unlisten = () => {};

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#callerOf = callers(options);
    const { authority, clock, config, log, ops, routes, rootRoutes = [], webDirectory } = options;
    const { audit, secrets, sightOf } = options;
    this.#app = buildApp({
      callerOf: this.#callerOf,
      ourNames: () => this.#ourNames,
      httpsPort: () => this.addresses().https,
      trustAnchor: () => authority,
      operations: ops,
      routes,
      rootRoutes,
      ...(sightOf && { sightOf }),
      audit,
      secrets,
      allowedOrigins: config['https.allowed_origins'],
      webDirectory,
      mostBodyBytes: config['limits.body_bytes'],
      clock,
      log,
    });
  }

  /** @throws HearthError `address_in_use` or `bad_config` naming the setting; then nothing listens. */
  async start(): Promise<void> {
    const { authority, config, log } = this.#options;
    this.#upgrades = this.#newUpgrades();
    const https = this.#newTlsServer();
    const most = plainConnections + config['limits.websockets'] + config['limits.connections'];
    const listeners = {
      https: new Listener(https, most, log),
      http: new Listener(this.#newPlainServer('http'), most, log),
      socket: new Listener(this.#newPlainServer('socket'), plainConnections, log),
    };
    this.#listeners = listeners;
    this.#readNames();
    this.#unlisten = authority.onServerCertificate.listen(() => {
      https.setSecureContext({
        ...this.#tlsCredentials(),
        // Left out, both fall back to what Node takes.
        ca: authority.caPem,
        minVersion: `TLSv${config['tls.min_version']}`,
      });
      this.#readNames();
    });
    try {
      await listeners.https.listenOn(config['https.address'], config['https.port'], 'https');
      await listeners.http.listenOn(config['http.address'], config['http.port'], 'http');
      const path = await prepareControlSocket(config.data);
      await listeners.socket.listenAt(path);
      await chmod(path, 0o600);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#unlisten();
    const closing = Object.values(this.#listeners).map((listener) => listener.close());
    this.#upgrades?.stop();
    await Promise.all(closing);
    if (this.#listeners.socket) await removeControlSocket(this.#options.config.data);
    this.#listeners = {};
  }

  /** The ports that are open now; 0 while they are not. */
  addresses(): { readonly https: number; readonly http: number } {
    return {
      https: this.#listeners.https?.port ?? 0,
      http: this.#listeners.http?.port ?? 0,
    };
  }

  /** Asks the app from inside this process, as its owner at the machine; needs no listener. */
  async request(request: Request): Promise<Response> {
    return this.#app.fetch(request, { door: 'process', remoteAddress: '' } satisfies Arrival);
  }

  #newTlsServer(): TlsServer {
    const { authority, config } = this.#options;
    const settings = {
      ...serverLimits,
      ...this.#tlsCredentials(),
      minVersion: `TLSv${config['tls.min_version']}` as const,
      // Devices may show their certificate on /mqtt; people have none. The gate judges it.
      ca: authority.caPem,
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: 10_000,
    };
    return this.#attach(createTlsServer(settings, this.#requestListener('https')), 'https');
  }

  #newPlainServer(door: Door): Server {
    return this.#attach(createServer(serverLimits, this.#requestListener(door)), door);
  }

  #attach<Kind extends Server | TlsServer>(server: Kind, door: Door): Kind {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#upgrades?.handle(request, socket, head, arrivalAt(door, request));
    });
    return server;
  }

  #requestListener(door: Door) {
    const allowedOrigins = new Set(this.#options.config['https.allowed_origins']);
    return getRequestListener(
      (request, env) => {
        const incoming = env.incoming as IncomingMessage;
        const { localPort } = incoming.socket;
        return this.#app.fetch(request, {
          ...env,
          ...arrivalAt(door, incoming),
          isOurPage: (page) => isOurPage(page, localPort, allowedOrigins),
        } satisfies Arrival);
      },
      { overrideGlobalObjects: false, hostname: 'localhost' },
    );
  }

  #newUpgrades(): Upgrades {
    const { audit, clock, config, onWebSocket, log } = this.#options;
    const denials = new Denials({ audit, clock, log });
    return new Upgrades({
      onDenied: (denial) => denials.add(denial),
      allowedOrigins: new Set(config['https.allowed_origins']),
      handlers: onWebSocket,
      callerOf: this.#callerOf,
      ourNames: () => this.#ourNames,
      limits: {
        '/ws': { clients: config['limits.websockets'], messageBytes: liveMessageBytes },
        '/mqtt': {
          clients: config['limits.connections'],
          // A frame may hold several packets; the broker judges each.
          messageBytes: 2 * config['limits.packet_bytes'],
        },
      },
      log,
    });
  }

  #tlsCredentials(): { readonly cert: string; readonly key: string } {
    const { certificatePem, keyPem } = this.#options.authority.serverCredentials();
    return { cert: certificatePem, key: keyPem };
  }

  #readNames(): void {
    const { authority, config } = this.#options;
    const certificate = new X509Certificate(authority.serverCredentials().certificatePem);
    const configured = config['https.names'].map((name) => name.toLowerCase());
    this.#ourNames = new Set([...namesOfCertificate(certificate.subjectAltName), ...configured]);
  }
}
