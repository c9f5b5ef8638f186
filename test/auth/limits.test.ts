import { describe, expect, it } from 'vitest';
import { Throttle } from '../../src/auth/passwords/throttle.ts';
import { Recent } from '../../src/auth/sign-in/recent.ts';
import { ManualClock } from '../support/clock.ts';

describe('a throttle', () => {
  const open = (clock = new ManualClock(0)) => ({
    clock,
    throttle: new Throttle({ clock, tries: 3, firstDelayMs: 1000, maxDelayMs: 4000 }),
  });

  /** Tries until it has to wait; returns for how many seconds. */
  function exhaust(throttle: Throttle, key: string): number {
    for (let i = 0; i < 100; i++) {
      try {
        throttle.attempt(key);
      } catch (error) {
        return (error as { retryAfterSeconds: number }).retryAfterSeconds;
      }
    }
    throw new Error('it never had to wait');
  }

  it('makes each wait twice the one before, up to the longest', () => {
    const { clock, throttle } = open();
    const waits = [1, 2, 3, 4, 5].map(() => {
      const seconds = exhaust(throttle, 'a');
      clock.advance(seconds * 1000);
      return seconds;
    });
    expect(waits).toEqual([1, 2, 4, 4, 4]);
  });

  it('forgets after a success, and after a long quiet', () => {
    const { clock, throttle } = open();
    exhaust(throttle, 'a');
    clock.advance(1000);
    throttle.attempt('a');
    throttle.succeeded('a');
    expect(exhaust(throttle, 'a')).toBe(1);
    clock.advance(1000);
    expect(exhaust(throttle, 'a')).toBe(2);
    clock.advance(5001);
    expect(exhaust(throttle, 'a')).toBe(1);
  });

  it('is not fooled by a wall clock that is set', () => {
    const { clock, throttle } = open();
    exhaust(throttle, 'a');
    clock.step(10 * 365 * 86_400_000);
    expect(() => throttle.attempt('a')).toThrow('too many tries');
  });

  it('gives tries back, and with them the wait that they made', () => {
    const { throttle } = open();
    for (const _ of [1, 2, 3]) throttle.attempt('a');
    expect(() => throttle.check('a')).toThrow('too many tries');
    throttle.takeBack('a', 1);
    throttle.attempt('a');
    expect(() => throttle.attempt('a')).toThrow('too many tries');
    throttle.takeBack('b', 1);
    expect(throttle.succeeded('a')).toBe(3);
    expect(throttle.succeeded('a')).toBe(0);
  });

  it('keeps a wait that other tries made', () => {
    const { throttle } = open();
    for (const _ of [1, 2, 3, 4, 5]) throttle.count('a');
    throttle.takeBack('a', 2);
    expect(() => throttle.check('a')).toThrow('too many tries');
  });

  it('remembers ten thousand keys and no more', () => {
    const { throttle } = open();
    exhaust(throttle, 'first');
    for (let i = 0; i < 9999; i++) throttle.attempt(`key${i}`);
    expect(() => throttle.attempt('first')).toThrow('too many tries');
    throttle.attempt('one more');
    throttle.attempt('first');
  });
});

describe('what is remembered for a while', () => {
  it('is forgotten when its time is up, or when there is too much of it', () => {
    const clock = new ManualClock(0);
    const recent = new Recent<number>({ clock, lifetimeMs: 1000, maxEntries: 2 });
    recent.set('a', 1);
    clock.advance(999);
    expect(recent.get('a')).toBe(1);
    clock.advance(1);
    expect(recent.get('a')).toBeUndefined();
    recent.set('b', 2);
    recent.set('c', 3);
    recent.set('d', 4);
    expect([recent.get('b'), recent.get('c'), recent.get('d')]).toEqual([undefined, 3, 4]);
    recent.delete('c');
    expect(recent.get('c')).toBeUndefined();
    recent.clear();
    expect(recent.get('d')).toBeUndefined();
  });
});
