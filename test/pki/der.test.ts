import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifier, integer, octets, sequence, setOf, time } from '../../src/pki/der.ts';

const hex = (der: Buffer) => der.toString('hex');

describe('DER', () => {
  it.each([
    ['00', '020100'],
    ['7f', '02017f'],
    ['80', '02020080'],
    ['0001', '020101'],
    ['ff00', '020300ff00'],
    ['1', '020101'],
  ])('writes the number %s shortest and positive', (number, expected) => {
    expect(hex(integer(number))).toBe(expected);
  });

  it('writes numbers that read back as they were', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n }), (number) => {
        const der = integer(number.toString(16));
        expect(der[1]).toBe(der.length - 2);
        expect((der[2] ?? 0) & 0x80).toBe(0);
        expect(BigInt(`0x${der.subarray(2).toString('hex')}`)).toBe(number);
      }),
    );
  });

  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('writes a length of %i', (length) => {
    const der = octets(Buffer.alloc(length));
    const first = der[1] ?? 0;
    const said =
      first < 0x80 ? first : Number.parseInt(der.toString('hex', 2, 2 + (first & 0x7f)), 16);
    expect(said).toBe(length);
    expect(der.length).toBe(length + 2 + (first < 0x80 ? 0 : first & 0x7f));
  });

  it.each([
    ['1.2.840.113549.1.7.2', '06092a864886f70d010702'],
    ['2.5.29.20', '0603551d14'],
  ])('writes the identifier %s', (dotted, expected) => {
    expect(hex(identifier(dotted))).toBe(expected);
  });

  it.each([
    [Date.UTC(2026, 2, 1, 8, 5, 9, 700), '260301080509Z', 0x17],
    [Date.UTC(2049, 11, 31, 23, 59, 59), '491231235959Z', 0x17],
    [Date.UTC(2050, 0, 1), '20500101000000Z', 0x18],
  ])('writes the time %i as RFC 5280 §4.1.2.5 has it', (atMs, text, tag) => {
    const der = time(atMs);
    expect(der[0]).toBe(tag);
    expect(der.subarray(2).toString()).toBe(text);
  });

  it('puts a set in order', () => {
    const [one, two] = [integer('01'), integer('02')];
    expect(setOf(0x31, [two, one])).toEqual(setOf(0x31, [one, two]));
    expect(hex(setOf(0x31, [two, one]))).toBe('3106020101020102');
    expect(hex(sequence())).toBe('3000');
  });
});
