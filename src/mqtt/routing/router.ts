import { Aedes, type AedesPublishPacket, type Client, type Subscription } from 'aedes';
import { HearthError, type Log, messageOf } from '#kernel';
import { Link, type LinkOwner } from '../connection/link.ts';
import type { BrokerLimits } from '../limits.ts';
import type { Gate } from '../ports.ts';
import type { Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { plainConnect, type Qos, subscriptionRefused } from '../wire/packets.ts';
import { lowerQos } from '../wire/subscribe.ts';
import { isHubOnly } from '../wire/topics.ts';
import { BrokerPersistence } from './persistence.ts';
import type { Retained } from './retained.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
}

export interface RouterOptions {
  readonly gate: Gate;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions<Session>;
  readonly retained: Retained;
  readonly limits: BrokerLimits;
  readonly log: Log;
}

/** One client's place in Aedes. */
export interface Route {
  /** Hands a packet of the client to Aedes. */
  send(frame: Buffer): void;
  /** Takes the client out of Aedes; it is out once the link's `onClosed` was called. */
  close(): void;
}

export interface RouteOwner extends LinkOwner {
  /** These filters of a SUBSCRIBE are granted; its SUBACK comes next. */
  onSubscribed(filters: readonly string[]): void;
  /** CONNACK is written: packets of the client may follow its CONNECT into Aedes. */
  onReady(): void;
  onClosed(): void;
}

/** Longest period that survives being multiplied by the 4 and 3 that Aedes multiplies it with. */
const quietHeartbeatMs = 2 ** 28;

/** Aedes and its hooks: it keeps the subscriptions and carries messages to whom they concern. */
export class Router {
  readonly #options: RouterOptions;
  readonly #persistence: BrokerPersistence;
  #aedes: Aedes | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#persistence = new BrokerPersistence(options);
  }

  /** @param highestNumber the highest message number in a stored queue; new ones count on from it. */
  async start(highestNumber: number): Promise<void> {
    const aedes = await Aedes.createBroker({
      // The same over restarts, so that stored queues keep their order.
      id: 'hearth',
      persistence: this.#persistence,
      concurrency: 1000,
      heartbeatInterval: quietHeartbeatMs,
      authorizeSubscribe: (client, subscription, done) =>
        this.#authorizeSubscribe(client, subscription, done),
      authorizeForward: (client, packet) => this.#authorizeForward(client, packet),
    });
    (aedes as Aedes & { counter: number }).counter = highestNumber;
    aedes.on('subscribe', (subscriptions, client) => this.#subscribed(subscriptions, client));
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#options.subscriptions.remove(sessionOf(client), filter);
    });
    aedes.on('connackSent', (_packet, client) => ownerOf(client).onReady());
    aedes.on('clientError', (_client, error) => {
      this.#options.log.debug({ err: messageOf(error) }, 'Aedes closed a client');
    });
    (aedes as NodeJS.EventEmitter).on('error', (error: unknown) => {
      this.#options.log.error({ err: messageOf(error) }, 'Aedes failed');
    });
    this.#aedes = aedes;
  }

  async stop(): Promise<void> {
    const aedes = this.#aedes;
    if (aedes === undefined) return;
    await new Promise<void>((resolve) => aedes.close(resolve));
  }

  /** Connects a client whose identity and session are settled. */
  open(owner: RouteOwner, clean: boolean): Route {
    const link = new Link(owner);
    const client = this.#broker().handle(link);
    (client as Client & { duplicates: object }).duplicates = everyNumberIsNew;
    link.once('close', () => owner.onClosed());
    link.push(plainConnect(owner.session.clientId, clean));
    return { send: (frame) => link.push(frame), close: () => client.close() };
  }

  /** Whether anyone, connected or away, subscribed to `topic`; holds until `epoch` changes. */
  concerns(topic: string): boolean {
    return this.#options.subscriptions.match(topic).size > 0;
  }

  get epoch(): number {
    return this.#options.subscriptions.epoch;
  }

  /**
   * Stores a message where it is retained or queued, then hands it to its subscribers. `done` is
   * called once it is on disk wherever it has to be, and with the subscribers' outboxes.
   */
  forward(message: Message, done: (error?: unknown) => void): void {
    const { topic, payload, qos, retain } = message;
    this.#broker().publish({ cmd: 'publish', topic, payload, qos, retain, dup: false }, done);
  }

  #broker(): Aedes {
    if (this.#aedes === undefined)
      throw new HearthError('unavailable', 'the broker is not started');
    return this.#aedes;
  }

  #authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    const session = sessionOf(client);
    const { topic: filter, qos } = subscription;
    const reason = this.#whyRefused(session, filter);
    if (reason !== undefined) {
      ownerOf(client).denySubscription(filter, reason);
      // A stored subscription whose permission has gone is gone with it.
      const forgotten = this.#options.sessions.unsubscribe(session, [filter]);
      forgotten.then(() => done(null, null), done);
      return;
    }
    // Always QoS 2 for Aedes, which looks a granted QoS up by topic instead of by filter: what a
    // message goes out with is decided in #authorizeForward.
    const granted = { ...subscription, qos: 2 as const };
    if (this.#options.subscriptions.filtersOf(session)?.get(filter) === qos) {
      done(null, granted);
      return;
    }
    session.subscribing.add(filter);
    const stored = this.#options.sessions.subscribe(session, filter, qos);
    stored.then(() => done(null, granted), done);
  }

  #whyRefused(session: Session, filter: string): string | undefined {
    if (isHubOnly(filter)) return '$hearth is reserved';
    const filters = this.#options.subscriptions.filtersOf(session);
    const held = (filters?.size ?? 0) + session.subscribing.size;
    const isNew = !filters?.has(filter) && !session.subscribing.has(filter);
    if (isNew && held >= this.#options.limits.subscriptions) return 'too many subscriptions';
    return this.#options.gate.maySubscribe(session.identity, filter)
      ? undefined
      : 'not permitted to subscribe here';
  }

  /** SUBACK is written: from here on messages reach the subscription, and retained ones follow. */
  #subscribed(subscriptions: readonly Subscription[], client: Client): void {
    const session = sessionOf(client);
    const granted = subscriptions.filter(({ qos }) => (qos as number) !== subscriptionRefused);
    for (const { topic, qos } of granted) this.#options.subscriptions.add(session, topic, qos);
    ownerOf(client).onSubscribed(granted.map(({ topic }) => topic));
    session.subscribing.clear();
    this.#persistence.retainedFor(session);
  }

  /** Decides each delivery: whether it happens, and with which QoS. */
  #authorizeForward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    const { gate, subscriptions } = this.#options;
    const session = sessionOf(client);
    const { topic, brokerCounter } = packet;
    const mayReceive = !isHubOnly(topic) && gate.mayReceive(session.identity, topic);
    // From the stored queue: delivery had begun, whatever became of the subscription [MQTT-3.10.4-3].
    if (packet.messageId !== undefined) return mayReceive ? packet : null;
    // All filters of a client that cover a message are asked in one go; it is delivered once.
    if (brokerCounter === session.lastRouted) return null;
    session.lastRouted = brokerCounter;
    const granted = subscriptions.match(topic).get(session);
    if (granted === undefined || !mayReceive) {
      session.queue?.drop(brokerCounter);
      return null;
    }
    packet.qos = lowerQos(packet.qos, granted);
    const stored = packet.qos > 0 && !packet.retain ? session.queue : undefined;
    return stored === undefined || stored.claim(brokerCounter) ? packet : null;
  }
}

/**
 * Stands in for the numbers of messages that Aedes believes a client has seen. Aedes takes a lower
 * number for a duplicate and drops it, although a message that waits for its store is overtaken by
 * others as a matter of course; see #authorizeForward for what prevents duplicates here.
 */
const everyNumberIsNew: object = Object.defineProperty({}, 'hearth', {
  get: () => 0,
  set: () => undefined,
});

const ownerOf = (client: Client): RouteOwner => (client.conn as Link).owner as RouteOwner;
const sessionOf = (client: Client): Session => ownerOf(client).session;
