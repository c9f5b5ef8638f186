/**
 * The two ports through which the broker reaches the rest of Hearth. It knows topics, packets and
 * sessions; who someone is and what a message means is said on the other side.
 */

export type Transport = 'tls' | 'websocket' | 'tcp';

/** What a client showed when it connected. */
export interface ConnectAttempt {
  readonly transport: Transport;
  readonly remoteAddress: string;
  /** Empty when the client left the choice to the broker [MQTT-3.1.3-6]. */
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  /** The client certificate, already proven against our CA by TLS; DER. */
  readonly certificate: Uint8Array | undefined;
}

/** Who a connection turned out to be. */
export interface Identity {
  readonly kind: 'device' | 'service' | 'person';
  /** The device's id, the credential's name or the person's id. */
  readonly name: string;
}

/** CONNACK return codes of MQTT 3.1.1 §3.2.2.3 that a gate may give. */
export type Refusal = {
  readonly refused: 'identifier' | 'unavailable' | 'bad_credentials' | 'not_authorized';
  /** For the log and the owner, never for the client. */
  readonly reason: string;
};

/** A PUBLISH as it arrived. `payload` is only valid until `accept` returns, unless it is copied. */
export interface InboundMessage {
  readonly identity: Identity;
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The DUP flag: the sender may have sent this before [MQTT-3.3.1-1]. */
  readonly duplicate: boolean;
  /** Packet identifier; 0 for QoS 0. */
  readonly packetId: number;
}

/**
 * Takes a message in. The promise settles when the message is safe: PUBACK, PUBREC and forwarding
 * wait for it. `undefined` means there is nothing to wait for. Messages of one commit may share one
 * promise. A rejection withholds the acknowledgment and closes the connection, so that the sender
 * keeps the message. It never throws for what a payload says.
 */
export type Accept = (message: InboundMessage) => Promise<void> | undefined;

/** May this client publish here, and who takes the message in before it is acknowledged? */
export type PublishGrant =
  | { readonly allowed: true; readonly accept: Accept | undefined; readonly mayRetain: boolean }
  | { readonly allowed: false };

export interface DeniedAttempt {
  readonly action: 'connect' | 'publish' | 'subscribe';
  readonly identity: Identity | undefined;
  readonly clientId: string;
  readonly remoteAddress: string;
  /** The topic or filter, or empty for a connect. */
  readonly topic: string;
  readonly reason: string;
}

export interface Gate {
  authenticate(attempt: ConnectAttempt): Promise<Identity | Refusal>;
  /** Asked once per client and topic; the answer holds for the connection. */
  mayPublish(identity: Identity, topic: string): PublishGrant;
  maySubscribe(identity: Identity, filter: string): boolean;
  /** Asked before each delivery, so that a wildcard never delivers what its holder may not read. */
  mayReceive(identity: Identity, topic: string): boolean;
  denied(attempt: DeniedAttempt): void;
  connected(
    identity: Identity,
    clientId: string,
    transport: Transport,
    remoteAddress: string,
  ): void;
  disconnected(identity: Identity, clientId: string): void;
  /** SUBACK is on its way: from here on a client hears what is sent to `filter`. */
  subscribed(identity: Identity, filter: string): void;
}

/** A message for one client that is there now; never stored, never retained, never sent again. */
export interface DirectMessage {
  readonly to: Identity;
  /** Topics it may go to, best first: it goes to the first that the client subscribed to. */
  readonly topics: readonly string[];
  readonly payloadFor: (topic: string) => Buffer | string;
  /** The client acknowledged it (PUBACK); never called for a subscription with QoS 0. */
  readonly onDelivered?: () => void;
  /**
   * The connection ended before the client acknowledged it, so it may not have arrived; never called
   * for a subscription with QoS 0.
   */
  readonly onLost?: () => void;
}

/** What became of a direct message: handed to the client's socket, or why not. */
export type DirectOutcome =
  | { readonly sent: true; readonly topic: string; readonly qos: 0 | 1 }
  | { readonly sent: false; readonly reason: 'away' | 'not_subscribed' | 'busy' };
