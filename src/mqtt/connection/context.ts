import type { Clock, Log } from '#kernel';
import type { Counters } from '../counters.ts';
import type { BrokerLimits } from '../limits.ts';
import type { Gate, Transport } from '../ports.ts';
import type { Router } from '../routing/router.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Clients } from './clients.ts';
import type { Connection } from './connection.ts';
import type { IdentifierWalk } from './direct-messages.ts';
import type { Flusher } from './flusher.ts';
import type { Wills } from './wills.ts';

/** What all connections of a broker share. */
export interface ConnectionContext {
  readonly gate: Gate;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly clients: Clients;
  readonly wills: Wills;
  readonly limits: BrokerLimits;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly identifiers: IdentifierWalk;
  readonly log: Log;
  /** CONNACK went out: the connection is no longer one in handshake. */
  readonly onConnected: (connection: Connection) => void;
  readonly onEnded: (connection: Connection) => void;
}

export interface Origin {
  readonly transport: Transport;
  readonly remoteAddress: string;
  /** The client certificate, DER, where TLS has proven one. */
  readonly certificate: Uint8Array | undefined;
}
