/**
 * A sender that missed a PUBACK sends the PUBLISH again with DUP=1 and the same packet identifier
 * [MQTT-3.3.1-1], [MQTT-4.4.0-1]. A reading with a device time is told apart by that time; one
 * without would count twice, so each device's last deliveries are remembered by what identifies
 * them: packet identifier and a fingerprint of the payload.
 */

/** A message as its sender delivered it. */
export interface Delivery {
  readonly packetId: number;
  /** 53 bits of the payload's hash; see `fingerprint`. */
  readonly fingerprint: number;
}

/** More than a client may have unacknowledged at once, by default (`limits.inflight` is 256). */
export const deliveriesPerDevice = 512;

/**
 * The last deliveries of one device, by packet identifier: reusing one means the earlier message
 * was acknowledged. `Outcome` is what the owner remembers with each.
 */
export class DeliveryWindow<Outcome> {
  readonly #entries = new Map<number, { fingerprint: number; outcome: Outcome }>();

  get size(): number {
    return this.#entries.size;
  }

  remember(delivery: Delivery, outcome: Outcome): void {
    // Deleted first so that the entry moves to the young end of the map's insertion order.
    this.#entries.delete(delivery.packetId);
    this.#entries.set(delivery.packetId, { fingerprint: delivery.fingerprint, outcome });
    if (this.#entries.size > deliveriesPerDevice) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }

  /** What became of the same packet with the same payload; `undefined` when it was never seen. */
  outcomeOf(delivery: Delivery): Outcome | undefined {
    const entry = this.#entries.get(delivery.packetId);
    return entry?.fingerprint === delivery.fingerprint ? entry.outcome : undefined;
  }

  *entries(): Iterable<Delivery & { readonly outcome: Outcome }> {
    for (const [packetId, entry] of this.#entries) yield { packetId, ...entry };
  }
}

/**
 * 53 bits that tell payloads apart (cyrb53: two multiply-xor lanes, mixed at the end). Not a secret
 * and no defence: a device can only confuse itself.
 */
export function fingerprint(payload: Uint8Array): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at] as number;
    low = Math.imul(low ^ byte, 0x9e3779b1);
    high = Math.imul(high ^ byte, 0x5f356495);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
}
