import { packetType } from '../wire/packets.ts';
import type { Outbox } from './outbox.ts';

export interface OutboundOptions {
  readonly outbox: Outbox;
  /** SUBACK or UNSUBACK is with the outbox; the filters that SUBACK grants. */
  readonly onAnswered: (granted: readonly string[]) => void;
}

/**
 * What Aedes sends to a client. What comes before CONNACK, which has to be the first packet
 * [MQTT-3.2.0-1], is held.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  #open = false;
  #held: { frame: Buffer; bodyStart: number }[] = [];
  #granted: readonly string[] = [];

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /** CONNACK is with the outbox. */
  open(): void {
    this.#open = true;
    const held = this.#held;
    this.#held = [];
    for (const { frame, bodyStart } of held) this.receive(frame, bodyStart);
  }

  /** The filters of a SUBSCRIBE that the next SUBACK grants. */
  grant(filters: readonly string[]): void {
    this.#granted = filters;
  }

  receive(frame: Buffer, bodyStart: number): void {
    if (!this.#open) {
      this.#held.push({ frame, bodyStart });
      return;
    }
    this.#options.outbox.take(frame, bodyStart);
    const type = (frame[0] as number) >> 4;
    if (type !== packetType.suback && type !== packetType.unsuback) return;
    const granted = this.#granted;
    this.#granted = [];
    this.#options.onAnswered(granted);
  }
}
