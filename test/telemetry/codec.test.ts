import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PointBuffer, pointsIn } from '../../src/telemetry/points.ts';
import { decodeBatch, encodeBatch } from '../../src/telemetry/worker/codec.ts';

const value = fc.oneof(fc.double({ noNaN: true }), fc.boolean(), fc.string());
const point = fc.tuple(
  fc.integer({ min: 1, max: 1e6 }),
  fc.maxSafeInteger(),
  value,
  fc.constantFrom(0, 4, 28),
);
const delivery = fc.tuple(fc.nat(), fc.nat(65_535), fc.maxSafeNat());

describe('the body of a journal row', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.array(point, { maxLength: 60 }), fc.array(delivery), (points, deliveries) => {
        const buffer = new PointBuffer(16);
        for (const [series, timeUs, sent, mark] of points) buffer.add(series, timeUs, sent, mark);
        const columns = pointsIn(buffer.buffer, buffer.capacity, buffer.count, buffer.texts);
        const body = { points: columns, deliveries: Float64Array.from(deliveries.flat()) };
        const encoded = encodeBatch(body);
        // Shifted by a byte, because a BLOB need not begin where a column of doubles must.
        const shifted = Buffer.concat([Buffer.alloc(1), encoded]).subarray(1);
        expect(decodeBatch(shifted)).toEqual(body);
      }),
    );
  });

  it('is refused, and nothing worse, when it is cut short', () => {
    const buffer = new PointBuffer(16);
    buffer.add(1, 2, 'text', 0);
    const points = pointsIn(buffer.buffer, buffer.capacity, buffer.count, buffer.texts);
    const encoded = encodeBatch({ points, deliveries: Float64Array.of(1, 2, 3) });
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeBatch(encoded.subarray(0, length))).toThrow();
    }
  });
});
