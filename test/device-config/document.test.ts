import { expect, it } from 'vitest';
import { documentText, isDocument, saysTheSame } from '../../src/device-config/document.ts';
import { readVersion } from '../../src/device-config/standing.ts';

const nested = (levels: number): Record<string, unknown> =>
  levels === 1 ? {} : { in: nested(levels - 1) };

it.each([
  ['{}', {}],
  ['eight levels', nested(8)],
  ['lists', { a: [1, [2, [3]]] }],
  ['16 KiB', { a: 'x'.repeat(16_384 - 8) }],
])('takes %s', (_, config) => {
  expect(JSON.parse(documentText(config))).toEqual(config);
});

it.each([
  ['nine levels', '8 levels', nested(9)],
  ['nine levels of lists', '8 levels', { a: [[[[[[[[]]]]]]]] }],
  ['a byte more than 16 KiB', '16385 bytes', { a: 'x'.repeat(16_385 - 8) }],
  ['bytes, not letters', 'bytes', { a: 'ö'.repeat(8200) }],
])('refuses %s, naming %s', (_, named, config) => {
  expect(() => documentText(config)).toThrow(
    expect.objectContaining({ code: 'unprocessable', field: 'config' }),
  );
  expect(() => documentText(config)).toThrow(named);
});

it.each([
  [true, {}],
  [true, { a: null }],
  [false, []],
  [false, null],
  [false, 'a'],
  [false, undefined],
])('%s: %j is a document', (is, value) => {
  expect(isDocument(value)).toBe(is);
});

it('finds two documents the same whose members stand in another order', () => {
  expect(saysTheSame({ a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 })).toBe(true);
  expect(saysTheSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(saysTheSame({ a: 1 }, { a: '1' })).toBe(false);
});

it.each([
  [3, 3],
  ['3', 3],
  [0, 0],
  [-1, undefined],
  [1.5, undefined],
  ['v3', undefined],
  ['', undefined],
  [true, undefined],
  [2 ** 60, undefined],
  [undefined, undefined],
])('reads %j as version %j', (value, version) => {
  expect(readVersion(value)).toBe(version);
});
