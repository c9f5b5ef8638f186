import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds, parseMessage } from '../../src/telemetry/parse.ts';
import { decodePayload, excerpt } from '../../src/telemetry/payload.ts';

describe('a message', () => {
  it.each<[string, unknown, unknown, Record<string, unknown>]>([
    [
      'a flat object',
      { power: 60.5, relay: true, mode: 'eco' },
      undefined,
      { power: 60.5, relay: true, mode: 'eco' },
    ],
    ['a flat object with a time', { ts: 5, power: 1 }, 5, { power: 1 }],
    [
      'an envelope',
      {
        data: { temperature: 23.5 },
        metadata: { location: 'Hall' },
        timestamp: '2026-01-31T12:00:00Z',
      },
      '2026-01-31T12:00:00Z',
      { temperature: 23.5 },
    ],
    ['a time inside an envelope', { data: { time: 7, a: 1 } }, 7, { a: 1 }],
    ['the outer time before an inner one', { data: { time: 7, a: 1 }, ts: 8 }, 8, { a: 1 }],
    [
      'one level of nesting',
      { sensors: { pm25: 8, voc: 120 }, fanSpeed: 3 },
      undefined,
      { 'sensors.pm25': 8, 'sensors.voc': 120, fanSpeed: 3 },
    ],
    ['what is signed', { power: 1, signature: 'AAAA' }, undefined, { power: 1 }],
    ['a number alone', 21.5, undefined, { value: 21.5 }],
    ['a boolean alone', true, undefined, { value: true }],
    ['a text alone', 'ON', undefined, { value: 'ON' }],
    ['data that is a metric', { data: 5 }, undefined, { data: 5 }],
    [
      'metadata without an envelope',
      { metadata: { rssi: -50 } },
      undefined,
      { 'metadata.rssi': -50 },
    ],
    [
      'what it says of who sent it, which is set aside',
      { device_id: 'x', a: 1 },
      undefined,
      { a: 1 },
    ],
    [
      'names that objects have of themselves',
      { constructor: 1, toString: 2 },
      undefined,
      { constructor: 1, toString: 2 },
    ],
  ])('is read from %s', (_, body, time, values) => {
    expect(parseMessage(body)).toEqual({ readings: [{ index: 0, time, values }], rejected: [] });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['null', { a: 1, b: null }, 'b', /null/],
    ['an array', { a: 1, b: [1] }, 'b', /array/],
    ['a second level of nesting', { a: 1, b: { c: { d: 1 } } }, 'b.c', /too deep/],
    ['1e999, which parses to Infinity', JSON.parse('{"a":1,"b":1e999}'), 'b', /Infinity/],
    ['an envelope within one', { data: { a: 1, data: { b: 2 } } }, 'data.data', /too deep/],
    ['a long text', { a: 1, b: 'x'.repeat(257) }, 'b', /257/],
    ['a name with a blank', { a: 1, 'b c': 1 }, 'b c', /name/],
    ['a long name', { a: 1, ['n'.repeat(65)]: 1 }, 'n'.repeat(64), /name/],
    ['__proto__', JSON.parse('{"a":1,"__proto__":2}'), '__proto__', /name/],
  ])('keeps the rest when one metric is %s', (_, body, field, reason) => {
    const { readings, rejected } = parseMessage(body);
    expect(readings).toEqual([{ index: 0, time: undefined, values: { a: 1 } }]);
    expect(rejected).toEqual([{ index: 0, field, reason: expect.stringMatching(reason) }]);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['an empty object', {}],
    ['an object with nothing but a time', { timestamp: 5 }],
    ['an empty batch', []],
    ['a batch of too many', Array.from({ length: bounds.readings + 1 }, () => ({ a: 1 }))],
  ])('is refused, with a reason, when it is %s', (_, body) => {
    const { readings, rejected } = parseMessage(body);
    expect(readings).toEqual([]);
    expect(rejected).toHaveLength(1);
  });

  it('is a batch when it is an array, and one bad reading does not spoil it', () => {
    const { readings, rejected } = parseMessage([{ a: 1 }, { a: null }, { a: 3, ts: 9 }]);
    expect(readings.map((reading) => reading.index)).toEqual([0, 2]);
    expect(rejected).toEqual([{ index: 1, field: 'a', reason: expect.any(String) }]);
  });

  it('has 64 metrics at most', () => {
    const body = Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`m${n}`, n]));
    const { readings, rejected } = parseMessage(body);
    expect(Object.keys(readings[0]?.values ?? {})).toHaveLength(bounds.metrics);
    expect(rejected).toHaveLength(6);
  });

  it('never throws and never keeps what JSON could not say, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything()), (body) => {
        for (const reading of parseMessage(body).readings) {
          expect(JSON.parse(JSON.stringify(reading.values))).toEqual(
            // JSON has no -0.
            Object.fromEntries(
              Object.entries(reading.values).map(([k, v]) => [k, v === 0 ? 0 : v]),
            ),
          );
        }
      }),
    );
  });
});

describe('a payload', () => {
  it.each([
    ['not JSON', Buffer.from('{"a":'), 'is not JSON'],
    ['empty', Buffer.alloc(0), 'is empty'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'is not UTF-8'],
    ['too long', Buffer.from('1'.repeat(101)), 'is 101 bytes long; the most is 100'],
  ])('is refused when it is %s', (_, payload, problem) => {
    expect(decodePayload(payload, 100)).toEqual({ problem });
  });

  it('may hold a replacement character that was meant', () => {
    expect(decodePayload(Buffer.from('"\uFFFD"'), 100)).toEqual({ value: '\uFFFD' });
  });

  it('never throws, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodePayload(Buffer.from(bytes), 100);
        excerpt(Buffer.from(bytes), 20);
      }),
    );
  });
});
