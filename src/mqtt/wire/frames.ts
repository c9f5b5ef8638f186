import { packetType } from './packets.ts';
import { ProtocolViolation } from './violation.ts';

/** Takes one whole packet; its variable header begins at `bodyStart`. */
export type FrameSink = (frame: Buffer, bodyStart: number) => void;

const nothing = Buffer.alloc(0);
const longestFixedHeader = 5;

/**
 * Cuts a byte stream into MQTT packets, however the network cut it before. A packet that announces
 * more than `maximumBytes` ends the connection before any of it is kept.
 */
export class FrameSplitter {
  readonly #maximumBytes: number;
  readonly #sink: FrameSink;
  /** The packet that has begun to arrive; it grows with what arrived, not with what is announced. */
  #partial = nothing;
  #partialLength = 0;
  #frameLength = 0;
  #bodyStart = 0;
  #stopped = false;

  constructor(maximumBytes: number, sink: FrameSink) {
    this.#maximumBytes = maximumBytes;
    this.#sink = sink;
  }

  /** Drops whatever has not been handed on, now and later. */
  stop(): void {
    this.#stopped = true;
    this.#partial = nothing;
  }

  /**
   * Hands every packet that `chunk` completes to the sink. Frames may share memory with `chunk`.
   * @throws ProtocolViolation for a bad fixed header or an oversized packet.
   */
  push(chunk: Buffer): void {
    let at = this.#partialLength > 0 ? this.#complete(chunk) : 0;
    while (at < chunk.length && !this.#stopped) {
      if (!this.#readHeader(chunk, at, chunk.length) || at + this.#frameLength > chunk.length) {
        this.#keep(chunk, at, chunk.length);
        return;
      }
      const end = at + this.#frameLength;
      this.#sink(chunk.subarray(at, end), this.#bodyStart);
      at = end;
    }
  }

  /** Adds to the packet that has begun; returns how much of `chunk` that took. */
  #complete(chunk: Buffer): number {
    let at = 0;
    while (!this.#readHeader(this.#partial, 0, this.#partialLength)) {
      if (at === chunk.length) return at;
      this.#keep(chunk, at, at + 1);
      at += 1;
    }
    const end = Math.min(chunk.length, at + this.#frameLength - this.#partialLength);
    this.#keep(chunk, at, end);
    if (this.#partialLength === this.#frameLength) {
      const frame = this.#partial.subarray(0, this.#partialLength);
      this.#partial = nothing;
      this.#partialLength = 0;
      this.#sink(frame, this.#bodyStart);
    }
    return end;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#partialLength + end - start;
    if (length > this.#partial.length) {
      const most = this.#maximumBytes + longestFixedHeader;
      const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * length, 256), most));
      this.#partial.copy(grown, 0, 0, this.#partialLength);
      this.#partial = grown;
    }
    chunk.copy(this.#partial, this.#partialLength, start, end);
    this.#partialLength = length;
  }

  /** Reads the fixed header at `at`, §2.2; false when it has not arrived whole. */
  #readHeader(bytes: Buffer, at: number, end: number): boolean {
    checkFlags(bytes[at] as number);
    let length = 0;
    for (let i = 1; i < longestFixedHeader; i++) {
      if (at + i >= end) return false;
      const digit = bytes[at + i] as number;
      length += (digit & 0x7f) * 2 ** (7 * (i - 1));
      if (length > this.#maximumBytes) {
        throw new ProtocolViolation(
          `a packet of ${length} bytes or more; ${this.#maximumBytes} is the limit`,
        );
      }
      if (digit < 0x80) {
        this.#bodyStart = i + 1;
        this.#frameLength = i + 1 + length;
        return true;
      }
    }
    throw new ProtocolViolation('a remaining length of more than four bytes, §2.2.3');
  }
}

/** Reserved flag bits must have their value, or the connection closes [MQTT-2.2.2-1] [MQTT-2.2.2-2]. */
function checkFlags(first: number): void {
  const type = first >> 4;
  const flags = first & 0x0f;
  if (type === packetType.publish) {
    if ((flags & 0x06) === 0x06) throw new ProtocolViolation('PUBLISH with QoS 3 [MQTT-3.3.1-4]');
    if ((flags & 0x0e) === 0x08) throw new ProtocolViolation('DUP with QoS 0 [MQTT-3.3.1-2]');
    return;
  }
  if (type < packetType.connect || type > packetType.disconnect) {
    throw new ProtocolViolation(`packet type ${type} is reserved, §2.2.1`);
  }
  const { pubrel, subscribe, unsubscribe } = packetType;
  const required = type === pubrel || type === subscribe || type === unsubscribe ? 2 : 0;
  if (flags !== required) {
    throw new ProtocolViolation(`packet type ${type} with flags ${flags} [MQTT-2.2.2-2]`);
  }
}
