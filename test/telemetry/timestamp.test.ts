import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoOfMicroseconds } from '#kernel';
import { timeMarks } from '../../src/telemetry/points.ts';
import { hubClockPlausible, readTimestampUs, settleTime } from '../../src/telemetry/timestamp.ts';

const january2026 = Date.UTC(2026, 0, 31, 12) * 1000;

describe('a device time', () => {
  it.each<[string, unknown, number]>([
    ['ISO 8601 in UTC', '2026-01-31T12:00:00Z', january2026],
    ['ISO 8601 with an offset', '2026-01-31T13:30:00+01:30', january2026],
    ['an offset without a colon', '2026-01-31T07:00:00-0500', january2026],
    ['ISO 8601 without a zone, taken as UTC', '2026-01-31T12:00:00', january2026],
    ['a blank instead of the T', '2026-01-31 12:00:00', january2026],
    ['no seconds', '2026-01-31T12:00Z', january2026],
    ['milliseconds in ISO 8601', '2026-01-31T12:00:00.250Z', january2026 + 250_000],
    ['microseconds in ISO 8601', '2026-01-31T12:00:00.123456Z', january2026 + 123_456],
    ['nanoseconds in ISO 8601, rounded', '2026-01-31T12:00:00.123456789Z', january2026 + 123_457],
    ['a leap second', '2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1) * 1000],
    ['seconds', january2026 / 1e6, january2026],
    ['seconds with a fraction', 1_769_860_800.123456, january2026 + 123_456],
    ['milliseconds', january2026 / 1000, january2026],
    ['microseconds', january2026 + 7, january2026 + 7],
    ['nanoseconds, though past 2^53', (january2026 + 7) * 1000, january2026 + 7],
    ['a string of seconds', '1769860800', january2026],
    ['a string of nanoseconds, exactly', '1769860800123456789', january2026 + 123_457],
    ['a string with a fraction', '1769860800.5', january2026 + 500_000],
    ['the epoch, which is for someone else to find absurd', 0, 0],
  ])('is read from %s', (_, value, timeUs) => {
    expect(readTimestampUs(value)).toBe(timeUs);
  });

  it.each<[string, unknown]>([
    ['a word', 'yesterday'],
    ['31 February', '2026-02-31T12:00:00Z'],
    ['month 13', '2026-13-01T12:00:00Z'],
    ['hour 24', '2026-01-31T24:00:00Z'],
    ['a date alone', '2026-01-31'],
    ['nothing', ''],
    ['a number beyond nanoseconds', 1e21],
    ['NaN', Number.NaN],
    ['a boolean', true],
    ['an object', {}],
  ])('is not read from %s', (_, value) => {
    expect(readTimestampUs(value)).toBeUndefined();
  });

  it('comes back to the microsecond, however it is spelled', () => {
    const times = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 999 }), (ms, us) => {
        const timeUs = ms * 1000 + us;
        expect(readTimestampUs(isoOfMicroseconds(timeUs))).toBe(timeUs);
        expect(readTimestampUs(timeUs)).toBe(timeUs);
        expect(readTimestampUs(`${BigInt(timeUs) * 1000n}`)).toBe(timeUs);
        expect(readTimestampUs(Number(BigInt(timeUs) * 1000n))).toBe(timeUs);
        expect(readTimestampUs(timeUs / 1e6)).toBe(timeUs);
      }),
    );
  });
});

describe('the time a reading gets', () => {
  const hub = { receivedUs: january2026, plausible: true };
  const minuteUs = 60e6;
  it.each([
    ['its own', january2026 - minuteUs, january2026 - minuteUs, 0],
    [
      'its own, up to ten minutes ahead',
      january2026 + 10 * minuteUs,
      january2026 + 10 * minuteUs,
      0,
    ],
    ['the receipt when it has none', undefined, january2026, timeMarks.stamped],
    [
      'the receipt when it is more than ten minutes ahead',
      january2026 + 10 * minuteUs + 1,
      january2026,
      timeMarks.stamped | timeMarks.absurdClock,
    ],
    [
      'the receipt when it lies before 2020',
      Date.UTC(2020, 0, 1) * 1000 - 1,
      january2026,
      timeMarks.stamped | timeMarks.absurdClock,
    ],
    [
      'its own from the first moment of 2020',
      Date.UTC(2020, 0, 1) * 1000,
      Date.UTC(2020, 0, 1) * 1000,
      0,
    ],
  ])('is %s', (_, deviceUs, timeUs, mark) => {
    expect(settleTime(deviceUs, hub)).toEqual({ timeUs, mark });
  });

  it('is its own, marked, while the hub itself has no idea', () => {
    const lost = { receivedUs: 0, plausible: false };
    expect(settleTime(january2026, lost)).toEqual({
      timeUs: january2026,
      mark: timeMarks.doubtfulHub,
    });
  });
});

describe("the hub's own clock", () => {
  it.each([
    ['is believed after the last record', january2026 + 1, january2026, true],
    [
      'is believed when a time server steps it back a little',
      january2026 - 30e6,
      january2026,
      true,
    ],
    ['is not believed an hour before the last record', january2026 - 3600e6, january2026, false],
    ['is not believed before 2024', Date.UTC(2023, 11, 31) * 1000, 0, false],
  ])('%s', (_, nowUs, lastWrittenUs, plausible) => {
    expect(hubClockPlausible(nowUs, lastWrittenUs)).toBe(plausible);
  });
});
