import type { Session } from '../sessions/session.ts';
import { acknowledge, acknowledgment, packetType, pingResponse } from '../wire/packets.ts';
import { FieldReader } from '../wire/reader.ts';
import { checkSubscribe, checkUnsubscribe } from '../wire/subscribe.ts';
import { ProtocolViolation } from '../wire/violation.ts';
import type { DirectMessages } from './direct-messages.ts';
import type { Outbox } from './outbox.ts';
import type { PublishPath } from './publish-path.ts';

/** Where a client's packets go once its CONNECT was accepted. */
export interface InboundTargets {
  readonly session: Session;
  readonly path: PublishPath;
  readonly outbox: Outbox;
  readonly direct: DirectMessages;
  /** SUBSCRIBE and UNSUBSCRIBE go to Aedes. */
  readonly toAedes: (frame: Buffer) => void;
  /** DISCONNECT came; called before what precedes it is finished. */
  readonly onDisconnect: () => void;
}

interface HeldFrame {
  readonly frame: Buffer;
  readonly bodyStart: number;
}

/**
 * Keeps a client's packets in their order although two parties handle them. Everything is held until
 * CONNACK. A SUBSCRIBE or UNSUBSCRIBE waits for the messages before it and holds up what follows until
 * it is answered: an earlier message in the same segment does not reach the new subscription, a later
 * one does. What answers the broker's own packets never waits.
 */
export class Inbound {
  #targets: InboundTargets | undefined;
  #held: HeldFrame[] = [];
  #heldBytes = 0;
  #blocked = false;
  #finished = false;
  #onDrained: (() => void) | undefined;

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether DISCONNECT came: nothing is read after it. */
  get finished(): boolean {
    return this.#finished;
  }

  /** CONNACK was sent. @throws ProtocolViolation for what was held. */
  start(targets: InboundTargets): void {
    this.#targets = targets;
    this.#drain();
  }

  /** SUBACK or UNSUBACK was sent. @throws ProtocolViolation for what was held. */
  answered(): void {
    this.#blocked = false;
    this.#drain();
  }

  /** Calls `action` when nothing is held any more. */
  whenDrained(action: () => void): void {
    if (this.#held.length === 0) action();
    else this.#onDrained = action;
  }

  /** @throws ProtocolViolation */
  receive(frame: Buffer, bodyStart: number): void {
    if (this.#finished) return;
    const targets = this.#targets;
    if (targets !== undefined && answersTheBroker(frame)) {
      this.#answer(targets, frame, bodyStart);
    } else if (targets === undefined || this.#blocked || this.#held.length > 0) {
      this.#held.push({ frame, bodyStart });
      this.#heldBytes += frame.length;
    } else {
      this.#dispatch(targets, frame, bodyStart);
    }
  }

  #drain(): void {
    const targets = this.#targets;
    if (targets === undefined) return;
    let taken = 0;
    for (const { frame, bodyStart } of this.#held) {
      if (this.#blocked || this.#finished) break;
      taken += 1;
      this.#heldBytes -= frame.length;
      if (answersTheBroker(frame)) this.#answer(targets, frame, bodyStart);
      else this.#dispatch(targets, frame, bodyStart);
    }
    this.#held.splice(0, taken);
    targets.path.advance();
    if (this.#held.length === 0 || this.#finished) this.#onDrained?.();
  }

  #dispatch(targets: InboundTargets, frame: Buffer, bodyStart: number): void {
    const { path } = targets;
    switch ((frame[0] as number) >> 4) {
      case packetType.publish:
        path.receive(frame, bodyStart);
        break;
      case packetType.pubrel:
        path.release(onlyPacketId(frame, bodyStart));
        break;
      case packetType.subscribe:
        checkSubscribe(frame, bodyStart);
        this.#ask(targets, frame);
        break;
      case packetType.unsubscribe:
        checkUnsubscribe(frame, bodyStart);
        this.#ask(targets, frame);
        break;
      case packetType.disconnect:
        this.#finished = true;
        targets.onDisconnect();
        break;
      default:
        throw new ProtocolViolation('a packet that only a server sends, §2.2.1');
    }
  }

  #ask(targets: InboundTargets, frame: Buffer): void {
    this.#blocked = true;
    targets.path.whenIdle(() => targets.toAedes(frame));
  }

  #answer({ session, outbox, direct }: InboundTargets, frame: Buffer, bodyStart: number): void {
    const type = (frame[0] as number) >> 4;
    if (type === packetType.pingreq) {
      outbox.control(pingResponse);
      return;
    }
    const packetId = onlyPacketId(frame, bodyStart);
    if (direct.awaits(packetId)) {
      // Of the broker's own, with QoS 1: only PUBACK answers it, and nobody else is told.
      if (type === packetType.puback) direct.acknowledged(packetId);
      return;
    }
    if (type === packetType.pubrec) {
      session.queue?.release(packetId);
      outbox.release(acknowledge(acknowledgment.pubrel, packetId), packetId);
      return;
    }
    session.queue?.acknowledge(packetId);
    outbox.acknowledged(packetId);
  }
}

function answersTheBroker(frame: Buffer): boolean {
  const type = (frame[0] as number) >> 4;
  const { puback, pubrec, pubcomp, pingreq } = packetType;
  return type === puback || type === pubrec || type === pubcomp || type === pingreq;
}

function onlyPacketId(frame: Buffer, bodyStart: number): number {
  const reader = new FieldReader(frame, bodyStart);
  const packetId = reader.packetId();
  reader.end('an acknowledgment');
  return packetId;
}
