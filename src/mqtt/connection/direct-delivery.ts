import type { Counters } from '../counters.ts';
import type { DirectMessage, DirectOutcome, Gate, Identity } from '../ports.ts';
import type { Subscriptions } from '../routing/subscriptions.ts';
import { type Session, sameIdentity } from '../sessions/session.ts';
import { checkTopicName } from '../wire/topics.ts';
import type { Clients } from './clients.ts';
import type { Connection } from './connection.ts';
import type { DirectMessages } from './direct-messages.ts';

export interface DirectDeliveryOptions {
  readonly gate: Gate;
  readonly clients: Clients;
  readonly subscriptions: Subscriptions<Session>;
  readonly counters: Counters;
}

/** A connection whose client hears what is handed to it now. */
interface Listener {
  readonly session: Session;
  readonly direct: DirectMessages;
}

interface Way {
  readonly listener: Listener;
  readonly topic: string;
  readonly qos: 0 | 1;
}

/** Finds the connection that a direct message goes to, and those that get a copy of it. */
export class DirectDelivery {
  readonly #options: DirectDeliveryOptions;

  constructor(options: DirectDeliveryOptions) {
    this.#options = options;
  }

  send(message: DirectMessage): DirectOutcome {
    const { to, topics, onDelivered, onLost } = message;
    for (const topic of topics) checkTopicName(topic);
    const listeners = this.#listenersOf(to);
    if (listeners.length === 0) return { sent: false, reason: 'away' };
    const way = this.#wayTo(listeners, to, topics);
    if (way === undefined) return { sent: false, reason: 'not_subscribed' };
    const { listener, topic, qos } = way;
    let made: Buffer | undefined;
    const payload = (): Buffer => {
      made ??= Buffer.from(message.payloadFor(topic));
      return made;
    };
    const copy = { topic, qos, payload, onDelivered, onLost };
    if (!listener.direct.send(copy, listener.session.queue)) {
      return { sent: false, reason: 'busy' };
    }
    this.#copy(topic, payload, to);
    return { sent: true, topic, qos };
  }

  /** The connections of an identity that are there, the newest first. */
  #listenersOf(identity: Identity): Listener[] {
    const listeners: Listener[] = [];
    for (const connection of this.#options.clients.connectionsOf(identity)) {
      const listener = listenerOf(connection);
      if (listener !== undefined) listeners.unshift(listener);
    }
    return listeners;
  }

  /**
   * The best topic that one of the connections subscribed to. A filter that names a topic goes before
   * a wildcard that happens to cover a better one: it says which messages the client understands.
   */
  #wayTo(
    listeners: readonly Listener[],
    identity: Identity,
    topics: readonly string[],
  ): Way | undefined {
    const { gate, subscriptions } = this.#options;
    const heard = topics.filter((topic) => gate.mayReceive(identity, topic));
    const names = (session: Session, topic: string): boolean =>
      subscriptions.filtersOf(session)?.has(topic) ?? false;
    const covers = (session: Session, topic: string): boolean =>
      subscriptions.match(topic).has(session);
    for (const subscribed of [names, covers]) {
      for (const topic of heard) {
        const listener = listeners.find(({ session }) => subscribed(session, topic));
        if (listener === undefined) continue;
        const granted = subscriptions.match(topic).get(listener.session) ?? 0;
        return { listener, topic, qos: granted > 0 ? 1 : 0 };
      }
    }
    return undefined;
  }

  /** Whoever else listens to the topic gets a copy if there is room for it now. */
  #copy(topic: string, payload: () => Buffer, to: Identity): void {
    const { gate, clients, subscriptions, counters } = this.#options;
    for (const [session, granted] of subscriptions.match(topic)) {
      const { identity, clientId, queue } = session;
      if (sameIdentity(identity, to) || !gate.mayReceive(identity, topic)) continue;
      const holder = clients.holderOf(clientId);
      const listener = holder && listenerOf(holder.connection);
      if (listener === undefined || listener.session !== session) continue;
      const sent = listener.direct.send({ topic, qos: granted > 0 ? 1 : 0, payload }, queue);
      if (!sent) counters.dropped.slowSubscriber += 1;
    }
  }
}

function listenerOf(connection: Connection): Listener | undefined {
  const { direct } = connection;
  return direct && { session: connection.session, direct };
}
