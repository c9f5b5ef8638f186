import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseHeader, parseLocalTime, parseRow, spanOf } from '../../src/sim/series.ts';

const header = parseHeader('timestamp,power,relay,note');

it.each([
  ['2006-12-16T17:24:00,4216,true,on', { power: 4216, relay: true, note: 'on' }],
  ['2006-12-16 17:24:00,-1.5e3,false,', { power: -1500, relay: false }],
  ['2006-12-16T17:24:00,,,"a, ""b"""', { note: 'a, "b"' }],
  ['2006-12-16T17:24:00, 7 ,NaN,0x10', { power: 7, relay: 'NaN', note: '0x10' }],
])('reads the row %s', (line, values) => {
  expect(parseRow(line, header)).toEqual({ timeMs: Date.UTC(2006, 11, 16, 17, 24), values });
});

it.each([
  ['2006-12-16T17:24:00', Date.UTC(2006, 11, 16, 17, 24)],
  ['2006-12-16 17:24:00.250', Date.UTC(2006, 11, 16, 17, 24, 0, 250)],
  ['2006-12-16T17:24:00Z', Date.UTC(2006, 11, 16, 17, 24)],
  ['2006-12-16T17:24:00+02:00', Date.UTC(2006, 11, 16, 15, 24)],
  ['2006-12-16', Date.UTC(2006, 11, 16)],
])('reads the time %s, as UTC where it names no zone', (text, timeMs) => {
  expect(parseLocalTime(text)).toBe(timeMs);
});

it.each([
  ['power,timestamp', 'begins with "power", not timestamp'],
  ['timestamp,power,power', 'names a column "power", which is empty or there twice'],
  ['timestamp,,power', 'names a column "", which is empty or there twice'],
])('refuses the header %s', (line, problem) => {
  expect(() => parseHeader(line)).toThrow(problem);
});

it.each([
  ['2006-12-16T17:24:00,1', 'has 2 cells where the header has 4'],
  ['noon,1,true,x', 'has the time "noon"'],
  ['2006-12-16T17:24:00,1,true,"x', 'has a quote that is not closed'],
])('refuses the row %s', (line, problem) => {
  expect(() => parseRow(line, header)).toThrow(problem);
});

it('forgives a byte order mark', () => {
  expect(parseHeader('\uFEFFtimestamp,power').columns).toEqual(['timestamp', 'power']);
});

it('knows how long the household recording is', async () => {
  const file = join(import.meta.dirname, '../fixtures/household-minute.csv');
  expect(await spanOf(file)).toEqual({
    firstMs: Date.UTC(2006, 11, 16, 17, 24),
    lastMs: Date.UTC(2006, 11, 16, 20, 43),
    rows: 200,
  });
});

it('says that a file is not there', async () => {
  await expect(spanOf('/nowhere.csv')).rejects.toMatchObject({ code: 'not_found' });
});
