import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameValue, truthOf as truthToTheHub } from '../../src/devices/definitions/agreement.ts';
import { isSame, truthOf } from '../../web/src/truth.ts';

const value = fc.oneof(
  fc.boolean(),
  fc.integer({ min: -2, max: 6 }),
  fc.double({ noNaN: true }),
  fc.string(),
  fc.constantFrom('on', 'OFF', ' On ', 'true', '1', '1.0', '0', '-0', '21.50', '1e0', '', 'auto'),
);

describe('what a device’s spelling means', () => {
  it('is to the dashboard what it is to the hub', () => {
    fc.assert(
      fc.property(value, value, (left, right) => {
        expect(isSame(left, right)).toBe(sameValue(left, right));
        expect(truthOf(left)).toBe(truthToTheHub(left));
      }),
    );
  });

  it('is nothing for what was not said', () => {
    expect(truthOf(undefined)).toBeUndefined();
    expect(isSame(0, undefined)).toBe(false);
  });
});
