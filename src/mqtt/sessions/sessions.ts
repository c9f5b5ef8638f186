import type { LevelPersistence } from 'aedes-persistence-level';
import type { Clock } from '#kernel';
import type { Counters } from '../counters.ts';
import { type BrokerLimits, policy } from '../limits.ts';
import type { Identity } from '../ports.ts';
import type { Subscriptions } from '../routing/subscriptions.ts';
import type { GroupedLevel } from '../store/grouped-level.ts';
import type { Qos } from '../wire/packets.ts';
import { OutgoingQueue, type QueueBudget, queuePrefix, sentPrefix } from './outgoing-queue.ts';
import { newSession, noWaiting, type Session, sameIdentity } from './session.ts';

export interface SessionsOptions {
  readonly level: GroupedLevel;
  readonly records: LevelPersistence;
  readonly subscriptions: Subscriptions<Session>;
  readonly limits: BrokerLimits;
  readonly counters: Counters;
  readonly clock: Clock;
}

interface StoredSession {
  readonly session: Session;
  lastSeenMs: number;
}

const sessionPrefix = 'session:';
const receivedPrefix = 'received:';
const under = (prefix: string) => ({ gte: prefix, lt: `${prefix.slice(0, -1)};` });
/** `:` is escaped inside an identifier, so that no client's keys run into another's. */
const keyOf = (clientId: string): string => encodeURIComponent(clientId);

/**
 * The sessions of all clients: lasting ones live in the store from CONNECT with clean=0 until CONNECT
 * with clean=1, and there are never more of them than `limits.connections`.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #stored = new Map<string, StoredSession>();
  readonly #current = new Map<string, Session>();
  readonly #budget: QueueBudget = { bytes: 0 };

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get storedCount(): number {
    return this.#stored.size;
  }

  /**
   * Reads the stored sessions, gives up what exceeds the bounds and what belongs to no session.
   * @returns the highest message number in any queue, for Aedes to count on from.
   */
  async load(): Promise<number> {
    const { level, records, subscriptions } = this.#options;
    for await (const [key, value] of level.entries(under(sessionPrefix))) {
      const clientId = decodeURIComponent(key.slice(sessionPrefix.length));
      const { kind, name, lastSeenMs } = JSON.parse(value.toString()) as Identity & {
        lastSeenMs: number;
      };
      const session = this.#create(clientId, { kind, name }, true);
      this.#stored.set(clientId, { session, lastSeenMs });
    }
    for (const [clientId, { session }] of this.#stored) {
      for (const { topic, qos } of await records.subscriptionsByClient({ id: clientId })) {
        subscriptions.add(session, topic, qos);
      }
    }
    await this.#loadReceived();
    const highest = await this.#loadQueues();
    await this.#forgetOldest([...this.#stored.values()], this.#options.limits.connections);
    return highest;
  }

  /** Whose session is stored under this client identifier, if any. */
  ownerOf(clientId: string): Identity | undefined {
    return this.#stored.get(clientId)?.session.identity;
  }

  /** The session of the client that is connected under this identifier. */
  current(clientId: string): Session | undefined {
    return this.#current.get(clientId);
  }

  /** Begins or resumes a session; `present` is what CONNACK tells [MQTT-3.2.2-2] [MQTT-3.2.2-3]. */
  async attach(
    clientId: string,
    identity: Identity,
    clean: boolean,
  ): Promise<{ session: Session; present: boolean }> {
    const known = this.#stored.get(clientId);
    if (clean) {
      if (known !== undefined) await this.discard(clientId);
      const session = this.#create(clientId, identity, false);
      this.#current.set(clientId, session);
      return { session, present: false };
    }
    if (known === undefined) await this.#makeRoomFor(identity);
    const session = known?.session ?? this.#create(clientId, identity, true);
    session.queue?.rewind();
    this.#stored.set(clientId, { session, lastSeenMs: 0 });
    this.#current.set(clientId, session);
    this.#save(clientId);
    return { session, present: known !== undefined };
  }

  /** The connection of this session ended. */
  detach(session: Session): void {
    if (this.#current.get(session.clientId) === session) this.#current.delete(session.clientId);
    session.room = noWaiting;
    session.subscribing.clear();
    if (session.queue === undefined) this.#options.subscriptions.removeAll(session);
    else if (this.#stored.get(session.clientId)?.session === session) this.#save(session.clientId);
  }

  /** A subscription that the gate allowed; the promise settles once it will survive a restart. */
  async subscribe(session: Session, filter: string, qos: Qos): Promise<void> {
    if (session.queue === undefined) return;
    await this.#options.records.addSubscriptions({ id: session.clientId }, [
      { topic: filter, qos },
    ]);
  }

  async unsubscribe(session: Session, filters: readonly string[]): Promise<void> {
    for (const filter of filters) this.#options.subscriptions.remove(session, filter);
    if (session.queue === undefined) return;
    await this.#options.records.removeSubscriptions({ id: session.clientId }, filters);
  }

  /** Remembers that a QoS 2 message was taken in; settles once that would survive a restart. */
  async received(session: Session, packetId: number): Promise<void> {
    if (session.queue === undefined) return;
    await this.#options.level.put(receivedKey(session.clientId, packetId), Buffer.alloc(0));
  }

  /** PUBREL came: the identifier may be used again [MQTT-4.3.3-2]. */
  async released(session: Session, packetId: number): Promise<void> {
    session.received.delete(packetId);
    if (session.queue === undefined) return;
    await this.#options.level.del(receivedKey(session.clientId, packetId));
  }

  /** Deletes a stored session and all that belongs to it [MQTT-3.1.2-6]; rejects if the store fails. */
  async discard(clientId: string): Promise<void> {
    const { level, records, subscriptions } = this.#options;
    const session = this.#stored.get(clientId)?.session;
    if (session === undefined) return;
    this.#stored.delete(clientId);
    const filters = [...(subscriptions.filtersOf(session)?.keys() ?? [])];
    subscriptions.removeAll(session);
    session.queue?.clear();
    for (const packetId of session.received) void level.del(receivedKey(clientId, packetId));
    // Unlike the store's own writes, one of Aedes that nobody waits for ends the hub when it fails.
    await Promise.all([
      records.removeSubscriptions({ id: clientId }, filters),
      level.del(sessionPrefix + keyOf(clientId)),
    ]);
  }

  /** Deletes every stored session of an identity; returns how many there were. */
  async forget(identity: Identity): Promise<number> {
    const owned = [...this.#stored.values()].filter(({ session }) =>
      sameIdentity(session.identity, identity),
    );
    await Promise.all(owned.map(({ session }) => this.discard(session.clientId)));
    return owned.length;
  }

  #create(clientId: string, identity: Identity, lasting: boolean): Session {
    const { level, limits, counters } = this.#options;
    const queue = lasting
      ? new OutgoingQueue(keyOf(clientId), level, limits.queued, this.#budget, counters)
      : undefined;
    return newSession(clientId, identity, queue);
  }

  #save(clientId: string): void {
    const stored = this.#stored.get(clientId);
    if (stored === undefined) return;
    stored.lastSeenMs = this.#options.clock.nowMs();
    const record = { ...stored.session.identity, lastSeenMs: stored.lastSeenMs };
    void this.#options.level.put(
      sessionPrefix + keyOf(clientId),
      Buffer.from(JSON.stringify(record)),
    );
  }

  async #makeRoomFor(identity: Identity): Promise<void> {
    const all = [...this.#stored.values()];
    const own = all.filter(({ session }) => sameIdentity(session.identity, identity));
    await this.#forgetOldest(own, policy.sessionsPerIdentity - 1);
    await this.#forgetOldest(all, this.#options.limits.connections - 1);
  }

  /** Those of `sessions` that were away longest go, until `keep` are left. */
  async #forgetOldest(sessions: readonly StoredSession[], keep: number): Promise<void> {
    if (sessions.length <= keep) return;
    const away = sessions
      .filter(({ session }) => !this.#current.has(session.clientId))
      .sort((a, b) => a.lastSeenMs - b.lastSeenMs)
      .slice(0, sessions.length - keep);
    await Promise.all(away.map(({ session }) => this.discard(session.clientId)));
  }

  async #loadReceived(): Promise<void> {
    const { level } = this.#options;
    for await (const [key] of level.entries(under(receivedPrefix))) {
      const [client = '', packetId] = key.slice(receivedPrefix.length).split(':');
      const session = this.#stored.get(decodeURIComponent(client))?.session;
      if (session === undefined) void level.del(key);
      else session.received.add(Number(packetId));
    }
  }

  async #loadQueues(): Promise<number> {
    const { level } = this.#options;
    const sent = new Map<string, Buffer>();
    for await (const [key, value] of level.entries(under(sentPrefix))) {
      sent.set(key.slice(sentPrefix.length), value);
    }
    let highest = 0;
    for await (const [key, value] of level.entries(under(queuePrefix))) {
      const rest = key.slice(queuePrefix.length);
      const [client = '', counter] = rest.split(':');
      const queue = this.#stored.get(decodeURIComponent(client))?.session.queue;
      if (queue === undefined) {
        void level.del(key);
        continue;
      }
      highest = Math.max(highest, Number(counter));
      queue.restore(Number(counter), value.length, sent.get(rest));
      sent.delete(rest);
    }
    for (const orphan of sent.keys()) void level.del(sentPrefix + orphan);
    return highest;
  }
}

const receivedKey = (clientId: string, packetId: number): string =>
  `${receivedPrefix}${keyOf(clientId)}:${packetId}`;
