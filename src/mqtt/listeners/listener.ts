import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HearthError } from '#kernel';
import type { Origin } from '../connection/context.ts';
import type { Arrival, Entrance } from './admission.ts';

export interface ListenOptions {
  /** Address of the interface to listen on; `0.0.0.0` for all. */
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface BoundAddress {
  readonly transport: 'tls' | 'tcp';
  readonly address: string;
  readonly port: number;
}

/** Where a listener takes its connections to. */
export interface Reception {
  /** Asks for a place; `begin` is called when the handshake may start. `undefined`: there is none. */
  enter(arrival: Arrival): Entrance | undefined;
  /** A stream that is ready for MQTT. */
  connect(wire: Duplex, origin: Origin, entrance: Entrance): void;
}

export interface Listener {
  readonly bound: BoundAddress;
  /** Stops accepting; connections that are open stay so. */
  close(): void;
}

/**
 * Binds a TCP port; every socket is handed to `onSocket`, without Nagle's delay: an acknowledgment
 * that waits for more data costs 40 ms.
 * @throws HearthError `address_in_use` or `bad_config` naming the address.
 */
export async function listen(
  options: ListenOptions,
  onSocket: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
    onSocket,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(asHearthError(error, options)));
    server.listen({ host: options.address, port: options.port, backlog: 1024 }, resolve);
  });
  // Running out of file descriptors ends one accept, not the hub.
  server.on('error', () => undefined);
  return server;
}

export function boundPort(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/**
 * Lets a socket wait for its turn to `begin`. Its place is free again once it closes, also while it
 * waits: a socket that came to its turn closed would never say so.
 */
export function admit(
  socket: Socket,
  reception: Reception,
  begin: (entrance: Entrance) => void,
): void {
  socket.on('error', () => undefined);
  const entrance = reception.enter({
    remoteAddress: socket.remoteAddress ?? '',
    begin: (mine) => (socket.destroyed ? mine.leave() : begin(mine)),
    giveUp: () => socket.destroy(),
  });
  if (entrance === undefined) socket.destroy();
  else socket.once('close', () => entrance.leave());
}

/** Plain MQTT: a TCP socket is ready as it comes. */
export async function listenTcp(options: ListenOptions, reception: Reception): Promise<Listener> {
  const server = await listen(options, (socket) => {
    const remoteAddress = socket.remoteAddress ?? '';
    const origin = { transport: 'tcp' as const, remoteAddress, certificate: undefined };
    admit(socket, reception, (entrance) => reception.connect(socket, origin, entrance));
  });
  const bound = { transport: 'tcp' as const, address: options.address, port: boundPort(server) };
  return { bound, close: () => void server.close() };
}

function asHearthError(error: NodeJS.ErrnoException, options: ListenOptions): Error {
  const where = `${options.address}:${options.port}`;
  if (error.code === 'EADDRINUSE') {
    return new HearthError('address_in_use', `MQTT cannot listen on ${where}: it is taken`, {
      hint: 'Stop the other program (another broker?), or choose another port.',
      cause: error,
    });
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EACCES' || error.code === 'ENOTFOUND') {
    return new HearthError('bad_config', `MQTT cannot listen on ${where}: ${error.message}`, {
      hint: 'Choose an address of this machine and a port above 1023.',
      cause: error,
    });
  }
  return error;
}
