import { Readable } from 'node:stream';
import type { Gate } from '../ports.ts';
import type { QueuedMessage } from '../sessions/outgoing-queue.ts';
import type { Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Qos } from '../wire/packets.ts';
import { lowerQos } from '../wire/subscribe.ts';
import type { Retained } from './retained.ts';
import type { Subscriptions } from './subscriptions.ts';

interface ClientRef {
  readonly id: string;
}

interface RoutedPacket extends QueuedMessage {
  readonly cmd: string;
  readonly brokerCounter: number;
  messageId: number;
}

interface Recipient {
  /** Read by Aedes, which keeps `$SYS` from filters that begin with a wildcard. */
  readonly topic: string;
  readonly session: Session;
  readonly qos: Qos;
}

export interface PersistenceOptions {
  readonly gate: Gate;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions<Session>;
  readonly retained: Retained;
}

/** What Aedes asks of a persistence, answered from the sessions and the retained messages. */
export class BrokerPersistence {
  readonly #options: PersistenceOptions;
  #lastEnqueue: Promise<void> = Promise.resolve();
  #subscriber: Session | undefined;

  constructor(options: PersistenceOptions) {
    this.#options = options;
  }

  async setup(): Promise<void> {
    // Loaded before Aedes is made.
  }

  async storeRetained(packet: QueuedMessage): Promise<void> {
    await this.#options.retained.store(packet);
  }

  /** The retained messages about to be read are for this session. */
  retainedFor(session: Session): void {
    this.#subscriber = session;
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(this.#retainedOf(filters, this.#subscriber));
  }

  async subscriptionsByClient(client: ClientRef): Promise<{ topic: string; qos: Qos }[]> {
    const session = this.#options.sessions.current(client.id);
    const filters = session && this.#options.subscriptions.filtersOf(session);
    return [...(filters ?? [])].map(([topic, qos]) => ({ topic, qos }));
  }

  async addSubscriptions(): Promise<void> {
    // Stored one by one as the gate allows them: Aedes would store the refused ones of a packet too.
  }

  async removeSubscriptions(client: ClientRef, filters: readonly string[]): Promise<void> {
    const session = this.#options.sessions.current(client.id);
    if (session !== undefined) await this.#options.sessions.unsubscribe(session, filters);
  }

  async cleanSubscriptions(): Promise<void> {
    // A clean session is made anew before Aedes sees its CONNECT.
  }

  async subscriptionsByTopic(topic: string): Promise<Recipient[]> {
    const recipients: Recipient[] = [];
    for (const [session, qos] of this.#options.subscriptions.match(topic)) {
      if (session.queue !== undefined && qos > 0) recipients.push({ topic, session, qos });
    }
    return recipients;
  }

  /** Stores a message for every lasting session that gets it; settles in the order of the calls. */
  async outgoingEnqueueCombi(
    recipients: readonly Recipient[] | undefined,
    packet: RoutedPacket,
  ): Promise<void> {
    const { topic, payload } = packet;
    for (const { session, qos } of recipients ?? []) {
      if (!this.#options.gate.mayReceive(session.identity, topic)) continue;
      const message = { topic, payload, qos: lowerQos(packet.qos, qos) };
      const stored = session.queue?.enqueue(packet.brokerCounter, message);
      if (stored !== undefined) this.#lastEnqueue = stored;
    }
    await this.#lastEnqueue;
  }

  async outgoingUpdate(client: ClientRef, packet: RoutedPacket): Promise<void> {
    const queue = this.#options.sessions.current(client.id)?.queue;
    if (queue === undefined) return;
    if (packet.cmd === 'pubrel') queue.release(packet.messageId);
    else if (packet.qos > 0)
      packet.messageId = queue.assign(packet.brokerCounter, packet.messageId);
  }

  async outgoingClearMessageId(client: ClientRef, packet: RoutedPacket): Promise<void> {
    this.#options.sessions.current(client.id)?.queue?.acknowledge(packet.messageId);
  }

  outgoingStream(client: ClientRef): Readable {
    return Readable.from(this.#replayOf(this.#options.sessions.current(client.id)));
  }

  async delWill(): Promise<void> {
    // Aedes is never told of a will: see connection/will.ts.
  }

  streamWill(): Readable {
    return Readable.from([]);
  }

  async *#replayOf(session: Session | undefined) {
    if (session?.queue === undefined) return;
    for await (const packet of session.queue.replay()) {
      await session.room();
      yield packet;
    }
  }

  async *#retainedOf(filters: readonly string[], session: Session | undefined) {
    for (const filter of filters) {
      for (const message of this.#options.retained.matching(filter)) {
        await session?.room();
        yield { cmd: 'publish', ...message };
      }
    }
  }
}
