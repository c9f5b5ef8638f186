import { isUtf8 } from 'node:buffer';
import { ProtocolViolation } from './violation.ts';

/** Reads the fields of one packet in turn and refuses to read past its end. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(what: string): number {
    this.#need(1, what);
    return this.#bytes[this.#at++] as number;
  }

  uint16(what: string): number {
    this.#need(2, what);
    const value = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  /** A packet identifier, which is never 0 [MQTT-2.3.1-1]. */
  packetId(): number {
    const id = this.uint16('packet identifier');
    if (id === 0) throw new ProtocolViolation('packet identifier 0 [MQTT-2.3.1-1]');
    return id;
  }

  /** Bytes behind a two-byte length. */
  binary(what: string): Buffer {
    const length = this.uint16(what);
    this.#need(length, what);
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  text(what: string): string {
    return decodeText(this.binary(what), what);
  }

  /** Nothing may follow the last field. */
  end(what: string): void {
    if (!this.done) throw new ProtocolViolation(`${what} is followed by more bytes`);
  }

  #need(count: number, what: string): void {
    if (this.#at + count > this.#bytes.length) throw new ProtocolViolation(`${what} is cut short`);
  }
}

/**
 * A string field. Ill-formed UTF-8, surrogates included [MQTT-1.5.3-1], and U+0000 [MQTT-1.5.3-2]
 * close the connection; U+FEFF stays what it is [MQTT-1.5.3-3].
 */
export function decodeText(bytes: Buffer, what: string): string {
  if (!isUtf8(bytes)) throw new ProtocolViolation(`${what} is not UTF-8 [MQTT-1.5.3-1]`);
  if (bytes.includes(0)) throw new ProtocolViolation(`${what} contains U+0000 [MQTT-1.5.3-2]`);
  return bytes.toString('utf8');
}
