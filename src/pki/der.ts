/** Writing ASN.1 in DER (ITU-T X.690), as far as certificate lists and envelopes need it. */

/** One value: its tag, its length in as few octets as it takes (X.690 §10.1), its contents. */
export function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length), body]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tagged(0x30, ...contents);

/** SET OF: DER wants its elements in the order of their encodings (X.690 §11.6). */
export const setOf = (tag: number, elements: readonly Uint8Array[]): Buffer =>
  tagged(tag, ...[...elements].sort(Buffer.compare));

/** An explicit context tag around one value. */
export const context = (number: number, ...contents: readonly Uint8Array[]): Buffer =>
  tagged(0xa0 | number, ...contents);

/** A positive integer in big-endian hex, as serial numbers are spelled. */
export function integer(hex: string): Buffer {
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const firstSet = bytes.findIndex((byte) => byte !== 0);
  const digits = firstSet === -1 ? Buffer.of(0) : bytes.subarray(firstSet);
  // A first bit that is set would make it negative.
  const sign = (digits[0] ?? 0) >= 0x80 ? [Buffer.of(0)] : [];
  return tagged(0x02, ...sign, digits);
}

export const octets = (contents: Uint8Array): Buffer => tagged(0x04, contents);
export const bits = (contents: Uint8Array): Buffer => tagged(0x03, Buffer.of(0), contents);

/** An object identifier in dotted decimals, `1.2.840.113549.1.7.2`. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Whole seconds; two digits of the year until 2049, four from then on (RFC 5280 §4.1.2.5). */
export function time(atMs: number): Buffer {
  const text = `${new Date(atMs).toISOString().replace(/[-:T]|\.\d{3}/g, '')}`;
  const isShort = new Date(atMs).getUTCFullYear() < 2050;
  return isShort
    ? tagged(0x17, Buffer.from(text.slice(2), 'ascii'))
    : tagged(0x18, Buffer.from(text, 'ascii'));
}

function base128(value: number): number[] {
  const groups = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}

function lengthOf(count: number): Buffer {
  if (count < 0x80) return Buffer.of(count);
  const digits: number[] = [];
  for (let rest = count; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([0x80 | digits.length, ...digits]);
}
