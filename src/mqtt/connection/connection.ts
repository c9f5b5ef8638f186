import type { Duplex } from 'node:stream';
import { messageOf } from '#kernel';
import { policy } from '../limits.ts';
import type { Route, RouteOwner } from '../routing/router.ts';
import type { Session } from '../sessions/session.ts';
import { type ConnectRequest, readConnect, type Will } from '../wire/connect.ts';
import { FrameSplitter } from '../wire/frames.ts';
import { connackRefusal, packetType, type ReturnCode, returnCode } from '../wire/packets.ts';
import { ProtocolViolation } from '../wire/violation.ts';
import type { ConnectionContext, Origin } from './context.ts';
import { Denials } from './denials.ts';
import { DirectMessages } from './direct-messages.ts';
import { Inbound } from './inbound.ts';
import { Intake } from './intake.ts';
import { Outbound } from './outbound.ts';
import { Outbox } from './outbox.ts';
import { PublishPath } from './publish-path.ts';
import { type Welcome, welcome } from './welcome.ts';

/** What there is once a CONNECT was found good. */
interface Client extends Welcome {
  readonly keepAliveMs: number;
  readonly denials: Denials;
  readonly path: PublishPath;
}

type State = 'waiting' | 'authenticating' | 'connecting' | 'ready' | 'closing' | 'closed';

/**
 * One client from its first byte to its last. It stands between the socket and Aedes: CONNECT, every
 * PUBLISH and all acknowledgments end here, SUBSCRIBE and UNSUBSCRIBE go on, and what Aedes sends comes
 * back through here. See docs/decisions/0001-publish-path.md.
 */
export class Connection implements RouteOwner {
  readonly #context: ConnectionContext;
  readonly #wire: Duplex;
  readonly #origin: Origin;
  readonly #splitter: FrameSplitter;
  readonly #inbound = new Inbound();
  readonly #outbox: Outbox;
  readonly #outbound: Outbound;
  readonly #direct: DirectMessages;
  readonly #intake: Intake;
  readonly #ended = Promise.withResolvers<void>();
  #state: State = 'waiting';
  #stateSinceMs: number;
  /** When the last whole packet came, and the last bytes. */
  #lastSeenMs: number;
  #readAtMs: number;
  #establishing: Promise<void> = Promise.resolve();
  #client: Client | undefined;
  #route: Route | undefined;
  #will: Will | undefined;
  #willStored = false;
  #announced = false;
  #wireGone = false;
  #published = 0;

  constructor(context: ConnectionContext, wire: Duplex, origin: Origin) {
    const nowMs = context.clock.monotonicMs();
    this.#context = context;
    this.#wire = wire;
    this.#origin = origin;
    this.#stateSinceMs = nowMs;
    this.#lastSeenMs = nowMs;
    this.#readAtMs = nowMs;
    this.#splitter = new FrameSplitter(context.limits.packetBytes, (frame, bodyStart) =>
      this.#onFrame(frame, bodyStart),
    );
    this.#outbox = new Outbox({
      ...context,
      wire,
      onProgress: () => this.#regulate(),
      onDropped: (packetId) => this.#client?.session.queue?.acknowledge(packetId),
    });
    this.#outbound = new Outbound({
      outbox: this.#outbox,
      onAnswered: (granted) => this.#onAnswered(granted),
    });
    this.#direct = new DirectMessages({ ...context, outbox: this.#outbox });
    this.#intake = new Intake({ ...context, wire, inbound: this.#inbound, outbox: this.#outbox });
  }

  /** Settles once the connection has left no trace but its stored session. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get pending(): number {
    return this.#client?.path.pending ?? 0;
  }

  get inflight(): number {
    return this.#outbox.inflight;
  }

  get isOver(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  get session(): Session {
    if (this.#client === undefined) throw new Error('a connection without a session was routed');
    return this.#client.session;
  }

  /** Takes messages that must not wait; `undefined` unless the client hears and answers them now. */
  get direct(): DirectMessages | undefined {
    const isHere = this.#announced && !this.isOver && !this.#wireGone && !this.#inbound.finished;
    return isHere ? this.#direct : undefined;
  }

  begin(): void {
    this.#wire.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#wire.on('error', (error) => this.#context.log.debug({ err: messageOf(error) }, 'socket'));
    this.#wire.once('close', () => this.#onWireClosed());
  }

  /** Stops reading; what was read is still finished and acknowledged. Settles when it is. */
  async drain(): Promise<void> {
    this.#intake.stop();
    this.#wire.pause();
    this.#splitter.stop();
    const path = this.#client?.path;
    if (path === undefined || this.#state !== 'ready') return;
    await new Promise<void>((resolve) => path.whenIdle(resolve));
    this.#outbox.flush();
  }

  /**
   * Ends the connection. Its will is published, unless DISCONNECT came [MQTT-3.14.4-3]; messages that
   * were accepted are still forwarded. `politely` sends what is owed before closing.
   */
  end(reason: string, politely = false): void {
    if (this.isOver) return;
    const clientId = this.#client?.session.clientId;
    const from = this.#origin.remoteAddress;
    this.#context.log.debug({ clientId, from, reason }, 'an MQTT connection ends');
    this.#enter('closing');
    this.#splitter.stop();
    this.#intake.stop();
    this.#direct.close();
    if (politely && !this.#wireGone) {
      this.#outbox.finish(() => this.#wire.end(() => this.#wire.destroy()));
    } else {
      this.#outbox.close();
      this.#wire.destroy();
    }
    if (this.#announced && this.#will !== undefined) this.#client?.path.receiveWill(this.#will);
    void this.#establishing.then(() => {
      if (this.#client === undefined) void this.#finish();
      else this.#client.path.whenIdle(() => this.#leaveAedes());
    });
  }

  /** Called about once a second: everything that is over when nothing happens. */
  sweep(nowMs: number): void {
    const age = nowMs - this.#stateSinceMs;
    if (this.#state === 'ready') {
      const keepAliveMs = this.#client?.keepAliveMs ?? 0;
      // One and a half times the keep alive without a packet [MQTT-3.1.2-24]; not while it is the
      // broker that does not read.
      if (keepAliveMs > 0 && !this.#intake.paused && nowMs - this.#lastSeenMs > 1.5 * keepAliveMs) {
        this.end('nothing was heard within the keep alive');
      }
    } else if (this.#state === 'closing') {
      if (age > policy.closeTimeoutMs) this.#wire.destroy();
    } else if (age > policy.connectTimeoutMs) {
      this.end('no CONNECT in time');
    }
    if (this.#outbox.stalledMs(nowMs) > policy.stallTimeoutMs && this.#state !== 'closing') {
      this.#context.counters.stalled += 1;
      this.end('the client reads nothing');
    }
  }

  /** A packet from Aedes. */
  onPacket(frame: Buffer, bodyStart: number): void {
    if ((frame[0] as number) >> 4 === packetType.connack) this.#announce();
    else this.#outbound.receive(frame, bodyStart);
  }

  onSubscribed(filters: readonly string[]): void {
    this.#outbound.grant(filters);
  }

  onReady(): void {
    const client = this.#client;
    if (this.#state !== 'connecting' || client === undefined) return;
    this.#enter('ready');
    this.#attempt(() =>
      this.#inbound.start({
        ...client,
        outbox: this.#outbox,
        direct: this.#direct,
        toAedes: (frame) => this.#state === 'ready' && this.#route?.send(frame),
        onDisconnect: () => this.#onDisconnect(),
      }),
    );
  }

  /** Aedes has let go of the client, of itself or because it was asked to. */
  onClosed(): void {
    this.end('the router closed it');
    this.#route = undefined;
    this.#client?.path.whenIdle(() => void this.#finish());
  }

  denySubscription(filter: string, reason: string): void {
    this.#client?.denials.note('subscribe', filter, reason, this.#context.clock.monotonicMs());
  }

  #onData(chunk: Buffer): void {
    this.#readAtMs = this.#context.clock.monotonicMs();
    this.#context.counters.bytesReceived += chunk.length;
    this.#attempt(() => {
      this.#splitter.push(chunk);
      this.#client?.path.advance();
    });
    if (this.#client !== undefined && this.#published > 0) {
      this.#intake.charge(this.#published, this.#client.bucket, this.#client.path);
      this.#published = 0;
    }
    this.#regulate();
  }

  #onFrame(frame: Buffer, bodyStart: number): void {
    this.#lastSeenMs = this.#readAtMs;
    const type = (frame[0] as number) >> 4;
    if (this.#state === 'waiting') {
      if (type !== packetType.connect) {
        throw new ProtocolViolation('the first packet is not CONNECT [MQTT-3.1.0-1]');
      }
      this.#onConnect(frame, bodyStart);
      return;
    }
    if (type === packetType.connect) throw new ProtocolViolation('a second CONNECT [MQTT-3.1.0-2]');
    if (type === packetType.publish) this.#published += 1;
    this.#inbound.receive(frame, bodyStart);
  }

  #onConnect(frame: Buffer, bodyStart: number): void {
    const request = readConnect(frame, bodyStart);
    this.#enter('authenticating');
    if ('code' in request) {
      this.#refuse(request.code, request.reason);
      return;
    }
    this.#establishing = this.#establish(request).catch((error: unknown) => {
      this.#context.log.error({ err: messageOf(error) }, 'a client could not be let in');
      this.#refuse(returnCode.serverUnavailable, messageOf(error));
    });
  }

  async #establish(request: ConnectRequest): Promise<void> {
    const welcomed = await welcome(request, this.#origin, this, this.#context);
    if ('code' in welcomed) {
      this.#refuse(welcomed.code, welcomed.reason);
      return;
    }
    const { session } = welcomed;
    this.#client = this.#newClient(welcomed, request.keepAliveSeconds * 1000);
    if (request.will !== undefined) {
      this.#will = request.will;
      this.#willStored = true;
      await this.#context.wills.put(session, request.will);
    }
    if (this.isOver) return;
    this.#enter('connecting');
    session.room = () => this.#outbox.room();
    this.#route = this.#context.router.open(this, request.clean);
  }

  #newClient(welcomed: Welcome, keepAliveMs: number): Client {
    const { session } = welcomed;
    const { gate, counters } = this.#context;
    const { identity, clientId } = session;
    const { remoteAddress } = this.#origin;
    const denials = new Denials(gate, counters, { identity, clientId, remoteAddress });
    const path = new PublishPath({
      ...this.#context,
      session,
      acknowledge: (first, packetId) => this.#outbox.acknowledge(first, packetId),
      deny: (topic, reason) => this.#denyPublish(topic, reason),
      fail: (error) => this.end(`a message could not be kept: ${messageOf(error)}`),
      onProgress: () => this.#regulate(),
    });
    return { ...welcomed, keepAliveMs, denials, path };
  }

  /** Answers a CONNECT with a return code and closes [MQTT-3.2.2-5]. */
  #refuse(code: ReturnCode, reason: string): void {
    this.#context.counters.connectsRefused += 1;
    this.#outbox.control(connackRefusal(code));
    this.end(reason, true);
  }

  /** Aedes accepted; session present is ours to say: Aedes forgets sessions without subscriptions. */
  #announce(): void {
    const client = this.#client;
    if (client === undefined || this.#announced) return;
    const { gate, onConnected } = this.#context;
    const { transport, remoteAddress } = this.#origin;
    const { identity, clientId } = client.session;
    this.#announced = true;
    this.#outbox.control(Buffer.from([packetType.connack << 4, 2, client.present ? 1 : 0, 0]));
    gate.connected(identity, clientId, transport, remoteAddress);
    onConnected(this);
    this.#outbound.open();
  }

  #onAnswered(granted: readonly string[]): void {
    const { gate } = this.#context;
    const { identity } = this.session;
    this.#attempt(() => {
      if (!this.isOver) for (const filter of granted) gate.subscribed(identity, filter);
      this.#inbound.answered();
    });
  }

  #onDisconnect(): void {
    this.#will = undefined;
    this.#client?.path.whenIdle(() => this.end('DISCONNECT', true));
  }

  #onWireClosed(): void {
    this.#wireGone = true;
    this.#outbox.close();
    // What arrived before the end still counts: a sender may publish and leave in one breath.
    this.#inbound.whenDrained(() => this.end('the client left'));
  }

  #denyPublish(topic: string, reason: string): void {
    const nowMs = this.#context.clock.monotonicMs();
    const tooMany = this.#client?.denials.note('publish', topic, reason, nowMs);
    if (tooMany) this.end(`more than ${policy.denialsPerMinute} denied messages in a minute`);
  }

  #regulate(): void {
    const resumed = this.#intake.regulate(this.#client?.path);
    if (resumed) this.#lastSeenMs = this.#context.clock.monotonicMs();
  }

  /** Runs what reads the client's packets; what they break ends the connection. */
  #attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (error instanceof ProtocolViolation) {
        this.#context.counters.protocolViolations += 1;
      } else {
        this.#context.log.error({ err: error }, 'a packet could not be handled');
      }
      this.end(messageOf(error));
    }
  }

  #leaveAedes(): void {
    if (this.#route === undefined) void this.#finish();
    else this.#route.close();
  }

  async #finish(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#enter('closed');
    const { sessions, clients, wills, gate, onEnded, log } = this.#context;
    const session = this.#client?.session;
    if (session !== undefined) sessions.detach(session);
    if (this.#willStored && session !== undefined) {
      await wills.forget(session.clientId).catch((error: unknown) => {
        log.error({ err: messageOf(error) }, 'a will could not be deleted');
      });
    }
    clients.remove(this);
    if (this.#announced && session !== undefined) {
      gate.disconnected(session.identity, session.clientId);
    }
    onEnded(this);
    this.#ended.resolve();
  }

  #enter(state: State): void {
    this.#state = state;
    this.#stateSinceMs = this.#context.clock.monotonicMs();
  }
}
