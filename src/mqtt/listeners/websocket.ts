import { createWebSocketStream, type WebSocket } from 'ws';
import type { Reception } from './listener.ts';

/** Status codes of RFC 6455 §7.4.1. */
const unsupportedData = 1003;
const tryAgainLater = 1013;

export interface WebSocketOrigin {
  readonly remoteAddress: string;
  /** The client certificate of the HTTPS connection, DER, where one was shown. */
  readonly certificate?: Uint8Array | undefined;
}

/** MQTT over a WebSocket whose upgrade chose the subprotocol `mqtt` [MQTT-6.0.0-4]. */
export function acceptWebSocket(
  socket: WebSocket,
  origin: WebSocketOrigin,
  reception: Reception,
): void {
  let isText = false;
  // Packets come in binary frames only [MQTT-6.0.0-1]. The stream makes no difference between them,
  // so that it loses its reader before it hears of the frame.
  socket.on('message', (_data, isBinary) => {
    if (isBinary) return;
    isText = true;
    wire.removeAllListeners('data').resume();
    socket.close(unsupportedData, 'MQTT needs binary frames');
  });
  const wire = createWebSocketStream(socket);
  wire.on('error', () => undefined);
  // Left to itself the stream stays half open when the client is gone.
  wire.once('end', () => wire.destroy());
  const { remoteAddress, certificate } = origin;
  const entrance = reception.enter({
    remoteAddress,
    begin: (mine) => {
      if (isText || wire.destroyed) mine.leave();
      else reception.connect(wire, { transport: 'websocket', remoteAddress, certificate }, mine);
    },
    giveUp: () => socket.close(tryAgainLater, 'too many connections wait'),
  });
  if (entrance === undefined) socket.close(tryAgainLater, 'too many connections');
  else socket.once('close', () => entrance.leave());
}
