import type { BrokerLimits } from '../limits.ts';
import type { Identity } from '../ports.ts';
import { identityKey } from '../sessions/session.ts';
import type { Connection } from './connection.ts';
import { TokenBucket } from './token-bucket.ts';

interface Holder {
  readonly connection: Connection;
  readonly clientId: string;
  readonly identity: Identity;
}

interface Presence {
  readonly connections: Set<Connection>;
  /** Shared by all connections of an identity: two of them are not allowed twice as much. */
  readonly bucket: TokenBucket;
}

/** Who is connected, by client identifier and by identity. */
export class Clients {
  readonly #limits: BrokerLimits;
  readonly #holders = new Map<Connection, Holder>();
  readonly #byClientId = new Map<string, Holder>();
  readonly #byIdentity = new Map<string, Presence>();

  constructor(limits: BrokerLimits) {
    this.#limits = limits;
  }

  /** The connection that last took the client identifier, if it is still there. */
  holderOf(clientId: string): Holder | undefined {
    return this.#byClientId.get(clientId);
  }

  connectionsOf(identity: Identity): readonly Connection[] {
    return [...(this.#byIdentity.get(identityKey(identity))?.connections ?? [])];
  }

  /** Takes the client identifier over; returns the message rate of the identity. */
  add(connection: Connection, clientId: string, identity: Identity, nowMs: number): TokenBucket {
    const holder = { connection, clientId, identity };
    this.#holders.set(connection, holder);
    this.#byClientId.set(clientId, holder);
    const key = identityKey(identity);
    let presence = this.#byIdentity.get(key);
    if (presence === undefined) {
      const bucket = new TokenBucket(this.#limits.messagesPerSecond, nowMs);
      presence = { connections: new Set(), bucket };
      this.#byIdentity.set(key, presence);
    }
    presence.connections.add(connection);
    return presence.bucket;
  }

  remove(connection: Connection): void {
    const holder = this.#holders.get(connection);
    if (holder === undefined) return;
    this.#holders.delete(connection);
    if (this.#byClientId.get(holder.clientId) === holder) this.#byClientId.delete(holder.clientId);
    const key = identityKey(holder.identity);
    const presence = this.#byIdentity.get(key);
    presence?.connections.delete(connection);
    if (presence?.connections.size === 0) this.#byIdentity.delete(key);
  }
}
