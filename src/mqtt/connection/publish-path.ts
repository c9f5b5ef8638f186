import type { Counters } from '../counters.ts';
import { policy } from '../limits.ts';
import type { Gate, InboundMessage, PublishGrant } from '../ports.ts';
import type { Message, Router } from '../routing/router.ts';
import type { Session } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Will } from '../wire/connect.ts';
import { acknowledgment, type Qos } from '../wire/packets.ts';
import { decodeText } from '../wire/reader.ts';
import { checkTopicName, isHubOnly, isReadOnly, isTooDeep } from '../wire/topics.ts';
import { ProtocolViolation } from '../wire/violation.ts';

export interface PublishPathOptions {
  readonly session: Session;
  readonly gate: Gate;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly counters: Counters;
  /** Sends PUBACK, PUBREC or PUBCOMP, given by its first byte. */
  readonly acknowledge: (first: number, packetId: number) => void;
  readonly deny: (topic: string, reason: string) => void;
  /** A message could not be made safe: its sender must keep it, so the connection has to go. */
  readonly fail: (error: unknown) => void;
  /** Messages were acknowledged: there is room for more. */
  readonly onProgress: () => void;
}

/** What is known of a topic that this client publishes to. */
interface KnownTopic {
  readonly name: string;
  readonly grant: PublishGrant;
  readonly reason: string;
  /** The router's epoch when `concerned` was found out. */
  epoch: number;
  concerned: boolean;
}

/** One commit that messages of this client wait for. */
interface Commit {
  settled: boolean;
}

/** Something of this client that waits for its turn to be forwarded and acknowledged. */
interface Step {
  readonly packetId: number;
  /** First byte of the acknowledgment; 0 for QoS 0 and wills. */
  readonly acknowledgment: number;
  readonly bytes: number;
  readonly commit: Commit | undefined;
  /** What to forward once the commit is done; nothing for PUBREL, duplicates and denied messages. */
  readonly message: Message | undefined;
  readonly topic: KnownTopic | undefined;
  done: boolean;
}

/**
 * The way of a client's PUBLISH packets: gate, `accept`, forward, acknowledge. `accept` runs at once;
 * forwarding waits for its promise, the acknowledgment for forwarding, and each happens in the order
 * the messages came [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-6]. It outlives the connection: what was
 * accepted is forwarded though nobody is left to be told.
 */
export class PublishPath {
  readonly #options: PublishPathOptions;
  readonly #topics = new Map<string, KnownTopic>();
  /** Steps from #head on are unacknowledged; those from #next on are not yet forwarded. */
  #steps: (Step | undefined)[] = [];
  #head = 0;
  #next = 0;
  #bytes = 0;
  #forwarding = 0;
  #forwardingRetained = false;
  #lastPromise: Promise<void> | undefined;
  #lastCommit: Commit | undefined;
  #onIdle: (() => void)[] = [];
  #generation = 0;

  constructor(options: PublishPathOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#steps.length - this.#head;
  }

  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Calls `action` once everything that came before it is forwarded and acknowledged. */
  whenIdle(action: () => void): void {
    if (this.pending === 0) action();
    else this.#onIdle.push(action);
  }

  /**
   * Takes in a PUBLISH, §3.3. Call `advance` after the last one of a read.
   * @throws ProtocolViolation
   */
  receive(frame: Buffer, bodyStart: number): void {
    const first = frame[0] as number;
    const qos = ((first >> 1) & 3) as Qos;
    const topicStart = bodyStart + 2;
    const topicEnd =
      topicStart + ((frame[bodyStart] as number) << 8) + (frame[bodyStart + 1] as number);
    const payloadStart = qos === 0 ? topicEnd : topicEnd + 2;
    // A length that is cut short itself makes NaN, which is not within the frame either.
    if (!(payloadStart <= frame.length)) throw new ProtocolViolation('PUBLISH is cut short');
    const packetId = qos === 0 ? 0 : frame.readUInt16BE(topicEnd);
    if (qos > 0 && packetId === 0)
      throw new ProtocolViolation('packet identifier 0 [MQTT-2.3.1-1]');
    const topic = this.#topicOf(frame, topicStart, topicEnd);
    const { session } = this.#options;
    this.#options.counters.messagesReceived += 1;
    if (qos === 2 && session.received.has(packetId)) {
      // Taken in before: it is acknowledged again and not passed on again [MQTT-4.3.3-2].
      this.#push(packetId, acknowledgment.pubrec, frame.length, undefined, undefined, undefined);
      return;
    }
    if (qos === 2) this.#remember(packetId);
    const { grant, name } = topic;
    if (!grant.allowed) this.#options.deny(name, topic.reason);
    const message: InboundMessage = {
      identity: session.identity,
      clientId: session.clientId,
      topic: name,
      payload: frame.subarray(payloadStart),
      qos,
      retain: (first & 1) === 1,
      duplicate: (first & 8) !== 0,
      packetId,
    };
    const commit = this.#accept(grant, message);
    const kept = grant.allowed ? asPermitted(message, grant.mayRetain) : undefined;
    this.#push(packetId, acknowledgments[qos] as number, frame.length, commit, kept, topic);
  }

  /** Takes in a PUBREL: PUBCOMP follows once the identifier is forgotten, on disk too. */
  release(packetId: number): void {
    const { session, sessions } = this.#options;
    const promise = session.received.has(packetId)
      ? sessions.released(session, packetId)
      : undefined;
    const commit = promise === undefined ? undefined : this.#commitOf(promise);
    this.#push(packetId, acknowledgment.pubcomp, 0, commit, undefined, undefined);
    this.advance();
  }

  /** Publishes the will of a connection that ended without DISCONNECT [MQTT-3.1.2-8], as its client. */
  receiveWill(will: Will): void {
    const { session } = this.#options;
    // Asked anew: the permission may have gone with the connection.
    const topic = this.#learn(will.topic);
    const { grant } = topic;
    if (!grant.allowed) {
      this.#options.deny(will.topic, topic.reason);
      return;
    }
    const { identity, clientId } = session;
    const commit = this.#accept(grant, {
      identity,
      clientId,
      ...will,
      duplicate: false,
      packetId: 0,
    });
    const message = asPermitted(will, grant.mayRetain);
    this.#push(0, 0, will.payload.length, commit, message, topic);
    this.advance();
  }

  /** Forwards and acknowledges what is due. */
  advance(): void {
    while (this.#next < this.#steps.length) {
      const step = this.#steps[this.#next] as Step;
      if (!this.#isDue(step)) break;
      // First, because forwarding may finish, and come back here, before it returns.
      this.#next += 1;
      this.#forward(step);
    }
    const before = this.#head;
    for (let step = this.#steps[this.#head]; step?.done; step = this.#steps[this.#head]) {
      if (step.acknowledgment !== 0) {
        this.#options.acknowledge(step.acknowledgment, step.packetId);
        this.#options.counters.acknowledged += 1;
      }
      this.#bytes -= step.bytes;
      this.#steps[this.#head] = undefined;
      this.#head += 1;
    }
    if (this.#head === before) return;
    this.#compact();
    this.#options.onProgress();
    if (this.pending === 0) this.#idle();
  }

  /** Gives up everything that is under way; nothing of it is acknowledged, so its sender keeps it. */
  #abandon(error: unknown): void {
    this.#generation += 1;
    for (const step of this.#steps.slice(this.#head)) {
      if (step?.acknowledgment === acknowledgment.pubrec) {
        this.#options.session.received.delete(step.packetId);
      }
    }
    this.#steps = [];
    this.#head = 0;
    this.#next = 0;
    this.#bytes = 0;
    this.#forwarding = 0;
    this.#forwardingRetained = false;
    this.#lastPromise = undefined;
    this.#options.counters.acceptFailures += 1;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    this.#options.fail(error);
    for (const action of waiting) action();
  }

  #push(
    packetId: number,
    acknowledgment: number,
    bytes: number,
    commit: Commit | undefined,
    message: Message | undefined,
    topic: KnownTopic | undefined,
  ): void {
    this.#steps.push({ packetId, acknowledgment, bytes, commit, message, topic, done: false });
    this.#bytes += bytes;
  }

  #accept(grant: PublishGrant, message: InboundMessage): Commit | undefined {
    if (!grant.allowed || grant.accept === undefined) return undefined;
    let promise: Promise<void> | undefined;
    try {
      promise = grant.accept(message);
    } catch (error) {
      promise = Promise.reject(error);
    }
    if (promise === undefined) return undefined;
    // Messages of one commit share its promise, and so one pair of callbacks.
    return promise === this.#lastPromise ? this.#lastCommit : this.#commitOf(promise);
  }

  #commitOf(promise: Promise<void>): Commit {
    const commit: Commit = { settled: false };
    const generation = this.#generation;
    promise.then(
      () => {
        commit.settled = true;
        if (this.#generation === generation) this.advance();
      },
      (error: unknown) => {
        if (this.#generation === generation) this.#abandon(error);
      },
    );
    this.#lastPromise = promise;
    this.#lastCommit = commit;
    return commit;
  }

  #isDue(step: Step): boolean {
    if (step.commit !== undefined && !step.commit.settled) return false;
    // A retained message is stored before it is delivered; others on its topic must not pass it.
    return this.#forwarding === 0 || !(step.message?.retain || this.#forwardingRetained);
  }

  #forward(step: Step): void {
    const { message, topic } = step;
    const lasting = message?.qos === 2 && this.#options.session.queue !== undefined;
    if (!message || !topic || !(lasting || message.retain || this.#concerned(topic))) {
      step.done = true;
      return;
    }
    this.#forwarding += 1;
    this.#forwardingRetained = message.retain;
    const generation = this.#generation;
    const done = (error?: unknown): void => {
      if (this.#generation !== generation) return;
      this.#forwarding -= 1;
      if (error) {
        this.#abandon(error);
        return;
      }
      step.done = true;
      this.advance();
    };
    if (lasting) this.#forwardOnce(message, step.packetId, done);
    else this.#options.router.forward(message, done);
  }

  /** QoS 2 of a lasting session: the identifier is on disk before PUBREC [MQTT-4.3.3-2]. */
  #forwardOnce(message: Message, packetId: number, done: (error?: unknown) => void): void {
    const { session, sessions, router } = this.#options;
    sessions.received(session, packetId).then(() => router.forward(message, done), done);
  }

  #concerned(topic: KnownTopic): boolean {
    const { router } = this.#options;
    if (topic.epoch !== router.epoch) {
      topic.epoch = router.epoch;
      topic.concerned = router.concerns(topic.name);
    }
    return topic.concerned;
  }

  #remember(packetId: number): void {
    const { received } = this.#options.session;
    if (received.size >= policy.received) {
      throw new ProtocolViolation(`more than ${policy.received} QoS 2 messages without PUBREL`);
    }
    received.add(packetId);
  }

  #topicOf(frame: Buffer, start: number, end: number): KnownTopic {
    // One character a byte: equal keys are equal bytes, whatever they mean as UTF-8.
    const key = frame.toString('latin1', start, end);
    let topic = this.#topics.get(key);
    if (topic === undefined) {
      const name = decodeText(frame.subarray(start, end), 'topic');
      checkTopicName(name);
      topic = this.#learn(name);
      if (this.#topics.size >= policy.topicsRemembered) this.#topics.clear();
      this.#topics.set(key, topic);
    }
    return topic;
  }

  #learn(name: string): KnownTopic {
    const { gate, session } = this.#options;
    const reserved = isHubOnly(name) || isReadOnly(name);
    const deep = isTooDeep(name);
    const grant = reserved || deep ? refused : gate.mayPublish(session.identity, name);
    const reason = reserved
      ? 'the topic is reserved'
      : deep
        ? 'the topic has too many levels'
        : 'not permitted to publish here';
    return { name, grant, reason, epoch: -1, concerned: false };
  }

  #compact(): void {
    if (this.#head === this.#steps.length) {
      this.#steps = [];
    } else if (this.#head < 1024 || this.#head * 2 < this.#steps.length) {
      return;
    } else {
      this.#steps = this.#steps.slice(this.#head);
    }
    this.#next -= this.#head;
    this.#head = 0;
  }

  #idle(): void {
    const actions = this.#onIdle;
    this.#onIdle = [];
    for (const action of actions) action();
  }
}

const acknowledgments = [0, acknowledgment.puback, acknowledgment.pubrec];
const refused: PublishGrant = { allowed: false };

const asPermitted = (message: Message, mayRetain: boolean): Message =>
  message.retain && !mayRetain ? { ...message, retain: false } : message;
