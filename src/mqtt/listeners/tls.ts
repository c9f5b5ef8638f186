import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Counters } from '../counters.ts';
import { policy } from '../limits.ts';
import type { Gate } from '../ports.ts';
import type { Entrance } from './admission.ts';
import {
  admit,
  boundPort,
  type Listener,
  type ListenOptions,
  listen,
  type Reception,
} from './listener.ts';

export interface ServerCredentials {
  /** The server certificate, with its chain where there is one; PEM. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface TlsListenOptions extends ListenOptions {
  readonly credentials: ServerCredentials;
  /** The authorities whose client certificates are let in; PEM. */
  readonly caPem: string | readonly string[];
  readonly minVersion: '1.2' | '1.3';
}

export interface TlsListener extends Listener {
  /** For new connections; those that are open keep theirs. `caPem` as in `TlsListenOptions`. */
  setCredentials(credentials: ServerCredentials, caPem: string | readonly string[]): void;
}

/** MQTT over TLS. A client without a certificate of ours does not get as far as CONNECT. */
export async function listenTls(
  options: TlsListenOptions,
  reception: Reception,
  gate: Gate,
  counters: Counters,
): Promise<TlsListener> {
  const ca = [options.caPem].flat();
  const minVersion = `TLSv${options.minVersion}` as const;
  const tls = createServer({
    ...asNode(options.credentials),
    ca,
    minVersion,
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: policy.connectTimeoutMs,
  });
  const entrances = new Map<string, Entrance>();
  tls.on('secureConnection', (socket) => {
    const entrance = entrances.get(peerOf(socket));
    const certificate = socket.getPeerCertificate().raw as Buffer | undefined;
    if (entrance === undefined || certificate === undefined) {
      socket.destroy();
      return;
    }
    const remoteAddress = socket.remoteAddress ?? '';
    reception.connect(socket, { transport: 'tls', remoteAddress, certificate }, entrance);
  });
  tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    socket.on('error', () => undefined);
    counters.tlsFailures += 1;
    // A certificate that does not hold shows as a reset with the reason on the socket; a reset
    // without one is a client that hung up, which nobody refused.
    const reason = socket.authorizationError ?? error.code ?? error.message;
    if (`${reason}` !== 'ECONNRESET') gate.denied(handshakeDenial(`TLS: ${reason}`, socket));
  });
  const server = await listen(options, (socket) => {
    const peer = peerOf(socket);
    admit(socket, reception, (entrance) => {
      entrances.set(peer, entrance);
      socket.once('close', () => {
        if (entrances.get(peer) === entrance) entrances.delete(peer);
      });
      tls.emit('connection', socket);
    });
  });
  return {
    bound: { transport: 'tls', address: options.address, port: boundPort(server) },
    close: () => void server.close(),
    setCredentials: (credentials, caPem) => {
      tls.setSecureContext({ ...asNode(credentials), ca: [caPem].flat(), minVersion });
    },
  };
}

const asNode = ({ certificatePem, keyPem }: ServerCredentials) => ({
  cert: certificatePem,
  key: keyPem,
});

const peerOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/** A socket that failed has lost its address; the one beneath it was asked when it came. */
const addressOf = (socket: TLSSocket & { readonly _parent?: Socket }): string =>
  socket.remoteAddress ?? socket._parent?.remoteAddress ?? '';

function handshakeDenial(reason: string, socket: TLSSocket) {
  return {
    action: 'connect' as const,
    identity: undefined,
    clientId: '',
    remoteAddress: addressOf(socket),
    topic: '',
    reason,
  };
}
