import levelPersistence from 'aedes-persistence-level';
import type { WebSocket } from 'ws';
import { type Cancel, type Clock, HearthError, type Log, messageOf, type Part } from '#kernel';
import { Clients } from './connection/clients.ts';
import { Connection } from './connection/connection.ts';
import type { ConnectionContext, Origin } from './connection/context.ts';
import { DirectDelivery } from './connection/direct-delivery.ts';
import { IdentifierWalk } from './connection/direct-messages.ts';
import { Flusher } from './connection/flusher.ts';
import { Wills } from './connection/wills.ts';
import { type BrokerStats, Counters } from './counters.ts';
import { type BrokerLimits, policy } from './limits.ts';
import { Admission, type Entrance } from './listeners/admission.ts';
import {
  type BoundAddress,
  type Listener,
  type ListenOptions,
  listenTcp,
  type Reception,
} from './listeners/listener.ts';
import {
  listenTls,
  type ServerCredentials,
  type TlsListener,
  type TlsListenOptions,
} from './listeners/tls.ts';
import { acceptWebSocket, type WebSocketOrigin } from './listeners/websocket.ts';
import type { DirectMessage, DirectOutcome, Gate, Identity } from './ports.ts';
import { Retained } from './routing/retained.ts';
import { type Message, Router } from './routing/router.ts';
import { Subscriptions } from './routing/subscriptions.ts';
import type { Session } from './sessions/session.ts';
import { Sessions } from './sessions/sessions.ts';
import type { GroupedLevel } from './store/grouped-level.ts';
import { openStore, type StoreIncident } from './store/open.ts';
import { systemMessages } from './system-topics.ts';
import type { Qos } from './wire/packets.ts';
import { checkTopicName } from './wire/topics.ts';

export interface BrokerOptions {
  readonly gate: Gate;
  /** Where sessions and retained messages are kept. */
  readonly directory: string;
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly onIncident: (incident: StoreIncident) => void;
}

export interface Publication {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos?: Qos;
  readonly retain?: boolean;
}

/** Everything that exists between start and stop. */
interface Running {
  readonly level: GroupedLevel;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly retained: Retained;
  readonly subscriptions: Subscriptions<Session>;
  readonly context: ConnectionContext;
  readonly direct: DirectDelivery;
  readonly admission: Admission;
  readonly timers: readonly Cancel[];
  readonly startedMs: number;
}

/**
 * The MQTT 3.1.1 broker: who may do what is asked of the gate, what a message means of the `accept`
 * that the gate names. `start` opens the store; listeners are opened one by one after it.
 */
export class Broker implements Part {
  readonly name = 'mqtt';
  readonly #options: BrokerOptions;
  readonly #counters = new Counters();
  readonly #connections = new Map<Connection, Entrance>();
  readonly #listeners: Listener[] = [];
  readonly #tlsListeners: TlsListener[] = [];
  #running: Running | undefined;
  #stopping = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** @throws HearthError `already_running` or `data_directory` when the store cannot be used. */
  async start(): Promise<void> {
    const { limits, clock, gate, log } = this.#options;
    const level = await openStore(this.#options);
    const records = levelPersistence(level);
    const counters = this.#counters;
    const subscriptions = new Subscriptions<Session>();
    const sessions = new Sessions({ level, records, subscriptions, limits, counters, clock });
    const retained = new Retained(records, limits.retained, counters);
    const router = new Router({ gate, sessions, subscriptions, retained, limits, log });
    await retained.load();
    await router.start(await sessions.load());
    const wills = new Wills(records);
    const clients = new Clients(limits);
    const context: ConnectionContext = {
      gate,
      router,
      sessions,
      clients,
      wills,
      limits,
      counters,
      clock,
      flusher: new Flusher(),
      identifiers: new IdentifierWalk(),
      log,
      onConnected: (connection) => this.#connections.get(connection)?.connected(),
      onEnded: (connection) => this.#onEnded(connection),
    };
    const admission = new Admission(limits, counters, clock);
    const timers = [
      clock.every(policy.sweepPeriodMs, () => this.#sweep()),
      clock.every(policy.systemTopicsPeriodMs, () => this.#publishSystemTopics()),
    ];
    const startedMs = clock.monotonicMs();
    this.#stopping = false;
    this.#running = {
      level,
      router,
      sessions,
      retained,
      subscriptions,
      context,
      direct: new DirectDelivery({ gate, clients, subscriptions, counters }),
      admission,
      timers,
      startedMs,
    };
    await wills.publishLeftBehind(context);
  }

  /**
   * Stops listening and reading, acknowledges what was read, publishes the wills of those who are
   * still connected, and closes the store.
   */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined || this.#stopping) return;
    this.#stopping = true;
    for (const listener of this.#listeners.splice(0)) listener.close();
    this.#tlsListeners.splice(0);
    running.admission.stop();
    for (const cancel of running.timers) cancel();
    const connections = [...this.#connections.keys()];
    await this.#within(
      policy.drainTimeoutMs,
      connections.map((connection) => connection.drain()),
    );
    for (const connection of connections) connection.end('the hub stops', true);
    await this.#within(
      policy.drainTimeoutMs / 4,
      connections.map((connection) => connection.ended),
    );
    await running.router.stop();
    await running.level.close();
    this.#running = undefined;
  }

  /** Opens a listener for MQTT over TLS; clients need a certificate of one of `caPem`. */
  async listenTls(options: TlsListenOptions): Promise<BoundAddress> {
    const { gate } = this.#options;
    const listener = await listenTls(options, this.#reception(), gate, this.#counters);
    this.#tlsListeners.push(listener);
    this.#listeners.push(listener);
    return listener.bound;
  }

  /** Opens a listener for plain MQTT. */
  async listenTcp(options: ListenOptions): Promise<BoundAddress> {
    const listener = await listenTcp(options, this.#reception());
    this.#listeners.push(listener);
    return listener.bound;
  }

  /** Takes over a WebSocket that was upgraded with the subprotocol `mqtt`. */
  handleWebSocket(socket: WebSocket, origin: WebSocketOrigin): void {
    if (this.#running === undefined || this.#stopping) socket.terminate();
    else acceptWebSocket(socket, origin, this.#reception());
  }

  /** Shows new TLS connections another server certificate, and lets them in by these authorities. */
  setServerCredentials(credentials: ServerCredentials, caPem: string | readonly string[]): void {
    for (const listener of this.#tlsListeners) listener.setCredentials(credentials, caPem);
  }

  /** The ports that are bound. */
  addresses(): readonly BoundAddress[] {
    return this.#listeners.map((listener) => listener.bound);
  }

  /** Ends every connection of an identity; returns how many there were. */
  disconnect(identity: Identity): number {
    const connections = this.#running?.context.clients.connectionsOf(identity) ?? [];
    for (const connection of connections) connection.end('disconnected by the hub');
    return connections.length;
  }

  /** Ends an identity's connections and deletes its stored sessions. */
  async forget(identity: Identity): Promise<void> {
    const { context, sessions } = this.#needRunning();
    const connections = context.clients.connectionsOf(identity);
    this.disconnect(identity);
    await Promise.all(connections.map((connection) => connection.ended));
    await sessions.forget(identity);
  }

  /**
   * Publishes as the hub itself, past the gate; settles once the message is stored wherever it has to
   * be and is with the connected subscribers' outboxes.
   */
  async publish(publication: Publication): Promise<void> {
    checkTopicName(publication.topic);
    const { router } = this.#needRunning();
    const message: Message = {
      topic: publication.topic,
      payload: Buffer.from(publication.payload),
      qos: publication.qos ?? 0,
      retain: publication.retain ?? false,
    };
    if (!message.retain && !router.concerns(message.topic)) return;
    await new Promise<void>((resolve, reject) => {
      router.forward(message, (error) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Hands a message to a client that is connected and subscribed now. It passes the router by: it is
   * neither stored nor sent again, and whoever sends it is told when it was acknowledged. Other
   * connected subscribers of the topic get a copy if they have room.
   */
  send(message: DirectMessage): DirectOutcome {
    // A broker that stops reads no more: it would never hear of the delivery.
    if (this.#running === undefined || this.#stopping) return { sent: false, reason: 'away' };
    return this.#running.direct.send(message);
  }

  stats(): BrokerStats {
    const running = this.#running;
    let pending = 0;
    let inflight = 0;
    for (const connection of this.#connections.keys()) {
      pending += connection.pending;
      inflight += connection.inflight;
    }
    return {
      ...this.#counters,
      dropped: { ...this.#counters.dropped },
      connections: this.#connections.size,
      handshakes: running?.admission.handshakes ?? 0,
      sessions: running?.sessions.storedCount ?? 0,
      retained: running?.retained.size ?? 0,
      subscriptions: running?.subscriptions.count ?? 0,
      pending,
      inflight,
    };
  }

  #needRunning(): Running {
    if (this.#running === undefined)
      throw new HearthError('unavailable', 'the broker is not running');
    return this.#running;
  }

  #reception(): Reception {
    const { admission, context } = this.#needRunning();
    return {
      enter: (arrival) => admission.enter(arrival),
      connect: (wire, origin, entrance) => {
        if (this.#stopping || wire.destroyed) {
          wire.destroy();
          entrance.leave();
          return;
        }
        this.#begin(new Connection(context, wire, origin satisfies Origin), entrance);
      },
    };
  }

  #begin(connection: Connection, entrance: Entrance): void {
    this.#connections.set(connection, entrance);
    connection.begin();
  }

  #onEnded(connection: Connection): void {
    this.#connections.get(connection)?.leave();
    this.#connections.delete(connection);
  }

  #sweep(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#running?.admission.sweep(nowMs);
    for (const connection of this.#connections.keys()) connection.sweep(nowMs);
  }

  #publishSystemTopics(): void {
    const { startedMs } = this.#needRunning();
    const uptimeSeconds = (this.#options.clock.monotonicMs() - startedMs) / 1000;
    for (const message of systemMessages(this.stats(), uptimeSeconds)) {
      this.publish(message).catch((error: unknown) => {
        this.#options.log.warn({ err: messageOf(error) }, 'a $SYS message was not published');
      });
    }
  }

  /** Waits for `promises`, but no longer than `timeoutMs`. */
  async #within(timeoutMs: number, promises: readonly Promise<unknown>[]): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(timeoutMs, resolve);
      void Promise.allSettled(promises).then(() => {
        cancel();
        resolve();
      });
    });
  }
}
