import { describe, expect, it, onTestFinished } from 'vitest';
import { parseTimeMs } from '#kernel';

const nowMs = Date.UTC(2026, 0, 31, 12);

describe('a time', () => {
  it.each([
    ['now', nowMs],
    ['-1h', nowMs - 3_600_000],
    ['+1d', nowMs + 86_400_000],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T08:00', Date.UTC(2026, 0, 31, 8)],
    ['2026-01-31 08:00:01.5', Date.UTC(2026, 0, 31, 8, 0, 1, 500)],
    ['2026-01-31T08:00:00Z', Date.UTC(2026, 0, 31, 8)],
    ['2026-01-31T08:00:00+02:00', Date.UTC(2026, 0, 31, 6)],
  ])('%s is the same wherever the hub stands', (text, expected) => {
    const zone = process.env.TZ;
    onTestFinished(() => {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    });
    process.env.TZ = 'America/New_York';
    expect(parseTimeMs(text, nowMs, 'start')).toBe(expected);
  });

  it.each(['-999999999d', '+999999999w', '1969-12-31T23:59:59Z', '2200-01-01', 'yesterday', ''])(
    '"%s" is refused by field',
    (text) => {
      expect(() => parseTimeMs(text, nowMs, 'start')).toThrow(
        expect.objectContaining({ code: 'bad_request', field: 'start' }),
      );
    },
  );
});
