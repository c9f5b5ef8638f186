import type { Duplex } from 'node:stream';
import type { Clock } from '#kernel';
import type { Counters } from '../counters.ts';
import { type BrokerLimits, policy } from '../limits.ts';
import { packetType } from '../wire/packets.ts';
import type { Flushable, Flusher } from './flusher.ts';

export interface OutboxOptions {
  readonly wire: Duplex;
  readonly limits: BrokerLimits;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly flusher: Flusher;
  /** The socket took bytes, or the client acknowledged: there may be room again. */
  readonly onProgress: () => void;
  /** A message that was waiting is given up; its packet identifier. */
  readonly onDropped: (packetId: number) => void;
}

interface Waiting {
  readonly frame: Buffer;
  readonly packetId: number;
}

const acknowledgmentBytes = 4;
const blockBytes = 64 * acknowledgmentBytes;

/**
 * Everything on its way to one client. At most `limits.inflight` messages are unacknowledged; later
 * ones wait, bounded, oldest dropped first. Bytes that the socket does not take are bounded too: a
 * client that stands still costs its own messages and nobody else's time.
 */
export class Outbox implements Flushable {
  readonly #options: OutboxOptions;
  #chunks: Buffer[] = [];
  /** Acknowledgments are four bytes each; they are written into one buffer. */
  #block: Buffer | undefined;
  #blockUsed = 0;
  #readyBytes = 0;
  #writingBytes = 0;
  #scheduled = false;
  #closed = false;
  #onEmpty: (() => void) | undefined;
  #lastProgressMs: number;
  readonly #inflight = new Set<number>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#lastProgressMs = options.clock.monotonicMs();
  }

  /** Bytes that the socket has not taken. */
  get backlog(): number {
    return this.#readyBytes + this.#writingBytes;
  }

  get inflight(): number {
    return this.#inflight.size;
  }

  /** How long the socket has taken nothing although there was something to take. */
  stalledMs(nowMs: number): number {
    return this.#writingBytes === 0 ? 0 : nowMs - this.#lastProgressMs;
  }

  /** A packet that Aedes made. */
  take(frame: Buffer, bodyStart: number): void {
    const first = frame[0] as number;
    if (first >> 4 === packetType.pubrel) {
      this.release(frame, frame.readUInt16BE(bodyStart));
    } else if (first >> 4 !== packetType.publish) {
      this.control(frame);
    } else if ((first & 6) === 0) {
      this.publishOnce(frame);
    } else {
      this.publish(frame, frame.readUInt16BE(bodyStart + 2 + frame.readUInt16BE(bodyStart)));
    }
  }

  /** PUBACK, PUBREC or PUBCOMP. */
  acknowledge(first: number, packetId: number): void {
    if (this.#closed) return;
    if (this.#block === undefined || this.#blockUsed === this.#block.length) {
      this.#seal();
      this.#block = Buffer.allocUnsafe(blockBytes);
    }
    const { at, block } = { at: this.#blockUsed, block: this.#block };
    block[at] = first;
    block[at + 1] = 2;
    block[at + 2] = packetId >> 8;
    block[at + 3] = packetId & 0xff;
    this.#blockUsed = at + acknowledgmentBytes;
    this.#ready(acknowledgmentBytes);
  }

  /** Any packet that is not a PUBLISH. */
  control(frame: Buffer): void {
    if (this.#closed) return;
    this.#seal();
    this.#chunks.push(frame);
    this.#ready(frame.length);
  }

  /** A message with QoS 0: sent now or never. */
  publishOnce(frame: Buffer): void {
    if (this.#closed) return;
    if (this.backlog > policy.backlogBytes) {
      this.#options.counters.dropped.slowSubscriber += 1;
      return;
    }
    this.#send(frame);
  }

  /** A message with QoS > 0: sent when the window and the socket have room for it. */
  publish(frame: Buffer, packetId: number): void {
    if (this.#closed) return;
    if (this.#waiting.length === 0 && this.#mayStart(packetId)) {
      this.#inflight.add(packetId);
      this.#send(frame);
      return;
    }
    this.#waiting.push({ frame, packetId });
    this.#waitingBytes += frame.length;
    while (
      this.#waiting.length > this.#options.limits.queued ||
      (this.#waiting.length > 1 && this.#waitingBytes > policy.waitingBytes)
    ) {
      this.#dropOldest();
    }
  }

  /** Whether a message would go to the socket now, in front of those that wait. */
  hasRoom(qos: 0 | 1): boolean {
    if (this.#closed || this.backlog > policy.backlogBytes) return false;
    return qos === 0 || this.#inflight.size < this.#options.limits.inflight;
  }

  /** Whether a message in flight, or one that waits, has this packet identifier. */
  uses(packetId: number): boolean {
    return (
      this.#inflight.has(packetId) || this.#waiting.some((waiting) => waiting.packetId === packetId)
    );
  }

  /** A message that there is room for, sent in front of those that wait; identifier 0 for QoS 0. */
  pass(frame: Buffer, packetId: number): void {
    if (packetId > 0) this.#inflight.add(packetId);
    this.#send(frame);
  }

  /** A PUBREL: its packet identifier stays in use until PUBCOMP. */
  release(frame: Buffer, packetId: number): void {
    this.#inflight.add(packetId);
    this.control(frame);
  }

  /** PUBACK or PUBCOMP came. */
  acknowledged(packetId: number): void {
    if (this.#inflight.delete(packetId)) this.#startWaiting();
  }

  /** Resolves when a long replay may go on; nothing when it may at once. */
  room(): Promise<void> | undefined {
    if (this.#closed || !this.#crowded()) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#writingBytes > 0) return;
    this.#seal();
    const bytes = this.#nextBytes();
    if (bytes === undefined) {
      const onEmpty = this.#onEmpty;
      this.#onEmpty = undefined;
      onEmpty?.();
      return;
    }
    this.#readyBytes -= bytes.length;
    this.#writingBytes = bytes.length;
    this.#lastProgressMs = this.#options.clock.monotonicMs();
    this.#options.wire.write(bytes, this.#onWritten);
  }

  /** Takes nothing more; `onEmpty` is called when all before has been handed to the socket. */
  finish(onEmpty: () => void): void {
    this.#onEmpty = onEmpty;
    this.#shut();
    this.flush();
  }

  /** Takes nothing more and forgets what is left. */
  close(): void {
    this.#shut();
    this.#chunks = [];
    this.#block = undefined;
    this.#readyBytes = 0;
  }

  #shut(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#room?.resolve();
  }

  readonly #onWritten = (): void => {
    this.#options.counters.bytesSent += this.#writingBytes;
    this.#writingBytes = 0;
    this.#lastProgressMs = this.#options.clock.monotonicMs();
    this.#startWaiting();
    this.flush();
  };

  #mayStart(packetId: number): boolean {
    return (
      this.#inflight.size < this.#options.limits.inflight &&
      this.backlog <= policy.backlogBytes &&
      // Two messages under one identifier could not be told apart [MQTT-2.3.1-4].
      !this.#inflight.has(packetId)
    );
  }

  #startWaiting(): void {
    let started = 0;
    for (const { frame, packetId } of this.#waiting) {
      if (!this.#mayStart(packetId)) break;
      started += 1;
      this.#waitingBytes -= frame.length;
      this.#inflight.add(packetId);
      this.#send(frame);
    }
    if (started > 0) this.#waiting.splice(0, started);
    if (this.#room !== undefined && !this.#crowded()) {
      this.#room.resolve();
      this.#room = undefined;
    }
    this.#options.onProgress();
  }

  #crowded(): boolean {
    const { queued } = this.#options.limits;
    return this.#waiting.length >= Math.ceil(queued / 4) || this.backlog > policy.backlogBytes / 2;
  }

  #dropOldest(): void {
    const dropped = this.#waiting.shift();
    if (dropped === undefined) return;
    this.#waitingBytes -= dropped.frame.length;
    this.#options.counters.dropped.waitingFull += 1;
    this.#options.onDropped(dropped.packetId);
  }

  #send(frame: Buffer): void {
    this.#options.counters.messagesSent += 1;
    this.#seal();
    this.#chunks.push(frame);
    this.#ready(frame.length);
  }

  #ready(bytes: number): void {
    this.#readyBytes += bytes;
    if (this.#scheduled || this.#writingBytes > 0) return;
    this.#scheduled = true;
    this.#options.flusher.schedule(this);
  }

  /** Ends the buffer of acknowledgments, so that what comes next goes out behind them. */
  #seal(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = undefined;
    this.#blockUsed = 0;
  }

  #nextBytes(): Buffer | undefined {
    let length = 0;
    let count = 0;
    for (const chunk of this.#chunks) {
      if (count > 0 && length + chunk.length > policy.writeBytes) break;
      length += chunk.length;
      count += 1;
    }
    const chunks = this.#chunks.splice(0, count);
    return chunks.length > 1 ? Buffer.concat(chunks, length) : chunks[0];
  }
}
