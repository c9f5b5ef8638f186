import type { Identity } from '../ports.ts';
import type { OutgoingQueue } from './outgoing-queue.ts';

/** What there is of a client apart from its connection, §4.1. */
export interface Session {
  readonly clientId: string;
  readonly identity: Identity;
  /** The messages a lasting session waits for; a clean one has none [MQTT-3.1.2-6]. */
  readonly queue: OutgoingQueue | undefined;
  /** QoS 2 packet identifiers between PUBREC and PUBREL [MQTT-4.3.3-2]. */
  readonly received: Set<number>;
  /** Filters of a SUBSCRIBE that is under way: they count towards the bound already. */
  readonly subscribing: Set<string>;
  /** Aedes's number of the message last routed here: overlapping filters deliver it once. */
  lastRouted: number;
  /** Resolves when the connection can take more of a long replay; nothing when it can now. */
  room: () => Promise<void> | undefined;
}

export function newSession(
  clientId: string,
  identity: Identity,
  queue: OutgoingQueue | undefined,
): Session {
  const fresh = { received: new Set<number>(), subscribing: new Set<string>(), lastRouted: 0 };
  return { clientId, identity, queue, ...fresh, room: noWaiting };
}

export const noWaiting = (): undefined => undefined;

export const sameIdentity = (a: Identity, b: Identity): boolean =>
  a.kind === b.kind && a.name === b.name;

export const identityKey = (identity: Identity): string => `${identity.kind}:${identity.name}`;
