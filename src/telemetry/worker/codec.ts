import { crc32 } from 'node:zlib';
import { deliveryWidth } from '../batch.ts';
import { type Points, pointBytes, pointsIn } from '../points.ts';

/**
 * The body of a journal row: a header of five 32-bit words, the columns of the points, the
 * deliveries, the texts; all little-endian, as every machine Hearth runs on is.
 *
 *     version | points | deliveries | texts | 0
 *     time f64… value f64… series i32… mark u8…
 *     (series, packet identifier, fingerprint) f64…
 *     (length u32, UTF-8)…
 */

const version = 1;
const headerBytes = 20;
const deliveryBytes = deliveryWidth * 8;

export interface BatchBody {
  readonly points: Points;
  /** Triples: series, packet identifier, fingerprint. */
  readonly deliveries: Float64Array;
}

export function encodeBatch({ points, deliveries }: BatchBody): Buffer {
  const texts = points.texts.map((text) => Buffer.from(text, 'utf8'));
  const textBytes = texts.reduce((sum, text) => sum + 4 + text.length, 0);
  const body = Buffer.allocUnsafe(
    headerBytes + points.count * pointBytes + deliveries.byteLength + textBytes,
  );
  let at = body.writeUInt32LE(version, 0);
  at = body.writeUInt32LE(points.count, at);
  at = body.writeUInt32LE(deliveries.length / deliveryWidth, at);
  at = body.writeUInt32LE(texts.length, at);
  at = body.writeUInt32LE(0, at);
  for (const column of [points.timesUs, points.values, points.series, points.marks, deliveries]) {
    body.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  for (const text of texts) {
    at = body.writeUInt32LE(text.length, at);
    body.set(text, at);
    at += text.length;
  }
  return body;
}

/** @throws Error when the body is not one that `encodeBatch` wrote. */
export function decodeBatch(body: Uint8Array): BatchBody {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== version) {
    throw new Error('not a batch of this version');
  }
  const count = bytes.readUInt32LE(4);
  const deliveryCount = bytes.readUInt32LE(8);
  const textCount = bytes.readUInt32LE(12);
  const deliveriesAt = headerBytes + count * pointBytes;
  const textsAt = deliveriesAt + deliveryCount * deliveryBytes;
  if (bytes.length < textsAt) throw new Error('the batch is cut short');
  const texts: string[] = [];
  for (let at = textsAt, left = textCount; left > 0; left--) {
    if (bytes.length < at + 4) throw new Error('the texts are cut short');
    const length = bytes.readUInt32LE(at);
    if (bytes.length < at + 4 + length) throw new Error('the texts are cut short');
    texts.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  // Copied, because a column of doubles must begin at a multiple of eight, which a BLOB need not.
  const columns = copyOf(bytes, headerBytes, deliveriesAt);
  const deliveries = new Float64Array(copyOf(bytes, deliveriesAt, textsAt));
  return { points: pointsIn(columns, count, count, texts), deliveries };
}

/** The checksum kept beside a body, and beside a sealed file. */
export const checksumOf = (bytes: Uint8Array, soFar = 0): number => crc32(bytes, soFar);

function copyOf(bytes: Buffer, start: number, end: number): ArrayBuffer {
  const copy = new ArrayBuffer(end - start);
  new Uint8Array(copy).set(bytes.subarray(start, end));
  return copy;
}
