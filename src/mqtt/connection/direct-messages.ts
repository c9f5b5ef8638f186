import { type Log, messageOf } from '#kernel';
import type { OutgoingQueue } from '../sessions/outgoing-queue.ts';
import { publish } from '../wire/packets.ts';
import type { Outbox } from './outbox.ts';

export interface DirectMessagesOptions {
  readonly outbox: Outbox;
  readonly identifiers: IdentifierWalk;
  readonly log: Log;
}

/** One copy of a direct message, for one connection. */
export interface DirectCopy {
  readonly topic: string;
  readonly qos: 0 | 1;
  /** Called only when there is room for the message. */
  readonly payload: () => Buffer;
  readonly onDelivered?: (() => void) | undefined;
  readonly onLost?: (() => void) | undefined;
}

const highestIdentifier = 65_535;

/**
 * Packet identifiers for the broker's own messages, one walk for all connections: all others are used
 * before one comes up again, so that a PUBACK that comes twice, or late after a reconnect, finds
 * nothing that it could settle by mistake.
 */
export class IdentifierWalk {
  #next = highestIdentifier;

  /** The next identifier that is free; `undefined` when none is. */
  find(isFree: (packetId: number) => boolean): number | undefined {
    for (let tried = 0; tried < highestIdentifier; tried++) {
      const packetId = this.#next;
      this.#next = packetId === 1 ? highestIdentifier : packetId - 1;
      if (isFree(packetId)) return packetId;
    }
    return undefined;
  }
}

/**
 * The messages that the broker hands to one connection itself, and which of them are not yet
 * acknowledged. Aedes and the session's stored queue know nothing of them: they are sent now or not
 * at all, and are over with the connection.
 */
export class DirectMessages {
  readonly #options: DirectMessagesOptions;
  readonly #awaited = new Map<number, DirectCopy>();

  constructor(options: DirectMessagesOptions) {
    this.#options = options;
  }

  /** Hands a message to the socket, past what waits for it; false when there is no room now. */
  send(copy: DirectCopy, queue: OutgoingQueue | undefined): boolean {
    const { outbox, identifiers } = this.#options;
    const { topic, qos, payload } = copy;
    if (!outbox.hasRoom(qos)) return false;
    // No identifier stands for two messages, in flight or stored to be sent again [MQTT-2.3.1-4].
    const isFree = (id: number): boolean => !outbox.uses(id) && !queue?.uses(id);
    const packetId = qos === 0 ? 0 : identifiers.find(isFree);
    if (packetId === undefined) return false;
    outbox.pass(publish(topic, payload(), qos, packetId), packetId);
    if (packetId > 0) this.#awaited.set(packetId, copy);
    return true;
  }

  /** Whether a message of the broker's own waits for PUBACK under this identifier. */
  awaits(packetId: number): boolean {
    return this.#awaited.has(packetId);
  }

  /** PUBACK came for such a message. */
  acknowledged(packetId: number): void {
    const copy = this.#awaited.get(packetId);
    this.#awaited.delete(packetId);
    this.#options.outbox.acknowledged(packetId);
    this.#tell(copy?.onDelivered);
  }

  /** The connection is over: what was not acknowledged never will be. */
  close(): void {
    const lost = [...this.#awaited.values()];
    this.#awaited.clear();
    for (const { onLost } of lost) this.#tell(onLost);
  }

  /** Whoever fails to note it costs nobody the connection. */
  #tell(listener: (() => void) | undefined): void {
    try {
      listener?.();
    } catch (error) {
      this.#options.log.error({ err: messageOf(error) }, 'a delivery could not be noted');
    }
  }
}
