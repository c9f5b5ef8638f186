/**
 * A sender that missed a PUBACK sends the PUBLISH again with DUP=1 and the same packet identifier
 * [MQTT-3.3.1-1], [MQTT-4.4.0-1]. A reading with a device time is told apart by that time; one
 * without would count twice, so each device's last deliveries are remembered by what identifies
 * them: packet identifier and a fingerprint of the payload.
 */

/** Packet identifiers are 16 bits [MQTT-2.3.1-1]: a sender can have no more than this under way. */
const mostSlots = 65_536;
const fewestSlots = 64;
/** Over all devices: 18 bytes each, once they are in use. */
const slotsInAll = 1_048_576;

/** How many deliveries of each device are remembered among so many devices: a power of two. */
export function shareOf(devices: number): number {
  const share = 2 ** Math.floor(Math.log2(slotsInAll / Math.max(1, devices)));
  return Math.min(mostSlots, Math.max(fewestSlots, share));
}

/**
 * The last deliveries of one device. A delivery's slot follows from its packet identifier, and
 * senders count these up: a table of so many slots holds that many of the last deliveries. It
 * doubles when two would share a slot, up to the device's share. Zero is no packet identifier, and
 * marks a free slot.
 */
export class DeliveryWindow {
  #most: number;
  #packetIds = new Uint16Array();
  #fingerprints = new Float64Array();
  #stamps = new Float64Array();

  constructor(most: number) {
    this.#most = most;
  }

  /** `stamp` is the owner's: which batch it went with. It rises from one delivery to the next. */
  remember(packetId: number, fingerprint: number, stamp: number): void {
    while (this.#packetIds.length < this.#most && !this.#fits(packetId)) {
      this.#resize(Math.max(fewestSlots, this.#packetIds.length * 2));
    }
    this.#put(packetId, fingerprint, stamp);
  }

  /** The stamp of the same packet with the same payload; `undefined` when it was never seen. */
  stampOf(packetId: number, fingerprint: number): number | undefined {
    const slot = this.#slotOf(packetId);
    if (this.#packetIds[slot] !== packetId || this.#fingerprints[slot] !== fingerprint) {
      return undefined;
    }
    return this.#stamps[slot];
  }

  /** Takes a delivery back that did not reach the disk, unless a later one has its place. */
  forget(packetId: number, stamp: number): void {
    const slot = this.#slotOf(packetId);
    if (this.#packetIds[slot] === packetId && this.#stamps[slot] === stamp) {
      this.#packetIds[slot] = 0;
    }
  }

  /** Remembers no more than `most` from now on. */
  limit(most: number): void {
    this.#most = most;
    if (this.#packetIds.length > most) this.#resize(most);
  }

  visitAll(visit: (packetId: number, fingerprint: number, stamp: number) => void): void {
    for (let slot = 0; slot < this.#packetIds.length; slot++) {
      const packetId = this.#packetIds[slot] as number;
      if (packetId === 0) continue;
      visit(packetId, this.#fingerprints[slot] as number, this.#stamps[slot] as number);
    }
  }

  #slotOf(packetId: number): number {
    return packetId & (this.#packetIds.length - 1);
  }

  #fits(packetId: number): boolean {
    const taken = this.#packetIds[this.#slotOf(packetId)];
    return taken === 0 || taken === packetId;
  }

  #put(packetId: number, fingerprint: number, stamp: number): void {
    const slot = this.#slotOf(packetId);
    this.#packetIds[slot] = packetId;
    this.#fingerprints[slot] = fingerprint;
    this.#stamps[slot] = stamp;
  }

  #resize(slots: number): void {
    const [packetIds, fingerprints, stamps] = [this.#packetIds, this.#fingerprints, this.#stamps];
    this.#packetIds = new Uint16Array(slots);
    this.#fingerprints = new Float64Array(slots);
    this.#stamps = new Float64Array(slots);
    for (let from = 0; from < packetIds.length; from++) {
      const packetId = packetIds[from] as number;
      const stamp = stamps[from] as number;
      const slot = this.#slotOf(packetId);
      // Where two now share a slot, the later one stays.
      const isTaken = this.#packetIds[slot] !== 0 && (this.#stamps[slot] as number) > stamp;
      if (packetId !== 0 && !isTaken) this.#put(packetId, fingerprints[from] as number, stamp);
    }
  }
}

/** The windows of all devices, which share what memory there is for them. */
export class Deliveries {
  readonly #windows = new Map<string, DeliveryWindow>();
  #share = mostSlots;

  of(device: string): DeliveryWindow {
    const known = this.#windows.get(device);
    if (known !== undefined) return known;
    const window = new DeliveryWindow(this.#share);
    this.#windows.set(device, window);
    this.#divide();
    return window;
  }

  forget(device: string): void {
    if (this.#windows.delete(device)) this.#divide();
  }

  clear(): void {
    this.#windows.clear();
    this.#share = mostSlots;
  }

  [Symbol.iterator](): Iterator<readonly [device: string, window: DeliveryWindow]> {
    return this.#windows.entries();
  }

  #divide(): void {
    const share = shareOf(this.#windows.size);
    if (share === this.#share) return;
    this.#share = share;
    for (const window of this.#windows.values()) window.limit(share);
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
