import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';

/** By which way a request came in. */
export type Door =
  /** Any machine on the LAN, over TLS. */
  | 'https'
  /** Any machine on the LAN, in the clear. */
  | 'http'
  /** The control socket: whoever may open the data directory. */
  | 'socket'
  /** This process itself. */
  | 'process';

/** How a request reached the hub; what the listeners hand to the app beside it. */
export interface Arrival {
  readonly door: Door;
  /** Empty for the socket and the process. */
  readonly remoteAddress: string;
  /** The client certificate of the TLS connection, if it showed one; DER. Not yet judged. */
  readonly certificateDer?: Uint8Array;
  /** Whether a page at this address, as the browser spells it, is one of the hub's own. */
  readonly isOurPage?: (page: URL) => boolean;
}

export function arrivalAt(door: Door, request: IncomingMessage): Arrival {
  const certificateDer = certificateOf(request);
  return {
    door,
    remoteAddress: request.socket.remoteAddress ?? '',
    ...(certificateDer && { certificateDer }),
  };
}

const certificateOf = ({ socket }: IncomingMessage): Uint8Array | undefined =>
  socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;

/** Reads the arrival that the listener put into a context's `env`. */
export const arrivalOf = (context: { readonly env: unknown }): Arrival => context.env as Arrival;

/** Whether a request came from a program of this machine's owner, past all doors. */
export const isInside = ({ door }: Pick<Arrival, 'door'>): boolean =>
  door === 'socket' || door === 'process';

export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/** Whether someone sits at this machine, or came past all doors. */
export const isLocal = (arrival: Arrival): boolean =>
  isInside(arrival) || isLoopback(arrival.remoteAddress);
