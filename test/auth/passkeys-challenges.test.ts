import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SingleUse } from '../../src/auth/sign-in/single-use.ts';
import { ManualClock } from '../support/clock.ts';

const open = (bounds: { mostOfOne?: number; mostInAll?: number } = {}) => {
  const clock = new ManualClock(0);
  const things = new SingleUse<number>({
    clock,
    lifetimeMs: 1000,
    mostOfOne: 3,
    mostInAll: 8,
    ...bounds,
  });
  return { clock, things };
};

describe('what is taken out once', () => {
  it('is there once, until its time is over, whatever the wall clock says', () => {
    const { clock, things } = open();
    const key = things.put('a', 1);
    clock.step(Date.UTC(2030, 0, 1));
    clock.advance(999);
    expect(things.take(key)).toBe(1);
    expect(things.take(key)).toBeUndefined();
    const late = things.put('a', 2);
    clock.advance(1000);
    expect(things.take(late)).toBeUndefined();
  });

  it('is pushed out by the same owner first', () => {
    const { things } = open();
    const other = things.put('b', 0);
    const keys = [1, 2, 3, 4].map((value) => things.put('a', value));
    expect([...keys, other].map((key) => things.take(key))).toEqual([undefined, 2, 3, 4, 0]);
  });

  it('is never more than so many, of anyone and in all', () => {
    const step = fc.record({
      owner: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      waitMs: fc.integer({ min: 0, max: 400 }),
      isTaken: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, things } = open();
        for (const [index, { owner, waitMs, isTaken }] of steps.entries()) {
          clock.advance(waitMs);
          const key = things.put(owner, index);
          expect(things.size).toBeLessThanOrEqual(8);
          if (isTaken) expect(things.take(key)).toBe(index);
        }
      }),
    );
  });
});
