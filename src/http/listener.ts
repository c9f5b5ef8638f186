import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Config, environmentName } from '#config';
import { HearthError, type Log, messageOf } from '#kernel';

/** What bounds every listener: a client may neither be slow for ever nor say too much. */
export const serverLimits = {
  /** Headers in all, in bytes. */
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  /** For the whole request, body included. */
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5000,
} as const;

const lingerMs = 1000;

/** One listening server, and the sockets it has to end when it stops. */
export class Listener {
  readonly #server: Server;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, mostConnections: number, log: Log) {
    this.#server = server;
    this.#log = log;
    server.maxConnections = mostConnections;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Begins to listen. @throws HearthError `address_in_use` or `bad_config` naming `setting`. */
  listenOn(address: string, port: number, setting: 'http' | 'https'): Promise<void> {
    return this.#listen({ host: address, port }, (error) => refusal(error, address, port, setting));
  }

  listenAt(path: string): Promise<void> {
    return this.#listen(
      { path },
      (error) =>
        new HearthError('data_directory', `no socket can be made: ${messageOf(error)}`, {
          hint: 'Give Hearth a data directory on a disk of this machine: --data DIR.',
          cause: error,
        }),
    );
  }

  /** Where it listens; 0 while it does not, or at a path. */
  get port(): number {
    return (this.#server.address() as AddressInfo | string | null) instanceof Object
      ? (this.#server.address() as AddressInfo).port
      : 0;
  }

  /** Takes no more, lets what is being answered be answered for a second, then ends the rest. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, lingerMs);
    await closed;
    clearTimeout(timer);
  }

  #listen(
    where: { host: string; port: number } | { path: string },
    explain: (error: NodeJS.ErrnoException) => HearthError,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => reject(explain(error));
      this.#server.once('error', onError);
      this.#server.listen(where, () => {
        this.#server.off('error', onError);
        // Running out of file descriptors ends one accept, not the hub.
        this.#server.on('error', (error) => {
          this.#log.warn({ reason: messageOf(error) }, 'a connection could not be accepted');
        });
        resolve();
      });
    });
  }
}

function refusal(
  error: NodeJS.ErrnoException,
  address: string,
  port: number,
  setting: 'http' | 'https',
): HearthError {
  const key = `${setting}.port` as keyof Config;
  if (error.code === 'EADDRINUSE') {
    return new HearthError('address_in_use', `${address}:${port} is in use by another program`, {
      field: key,
      hint: `Stop that program, or set ${key} (${environmentName(key)}) to another port.`,
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new HearthError('bad_config', `port ${port} needs more rights than Hearth has`, {
      field: key,
      hint: `Set ${key} (${environmentName(key)}) to a port above 1023.`,
      cause: error,
    });
  }
  const addressKey = `${setting}.address` as keyof Config;
  return new HearthError('bad_config', `cannot listen on ${address}: ${messageOf(error)}`, {
    field: addressKey,
    hint: `Set ${addressKey} (${environmentName(addressKey)}) to an address of this machine.`,
    cause: error,
  });
}
