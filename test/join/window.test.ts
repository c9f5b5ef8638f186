import { describe, expect, it } from 'vitest';
import { JoinWindow, plainCode } from '../../src/join/window.ts';
import { ManualClock } from '../support/clock.ts';

const minuteMs = 60_000;
const admission = { deviceId: 'plug', certificatePem: 'PEM', notAfter: '2036-01-01T00:00:00Z' };
const key = Buffer.from('key');

function opened(request = {}) {
  const clock = new ManualClock(Date.UTC(2026, 2, 1));
  const exhausted: number[] = [];
  const window = new JoinWindow(clock, () => exhausted.push(clock.nowMs()));
  const { code } = window.open({ minutes: 10, ...request });
  const refusal = (deviceId: string, given = code) => {
    try {
      window.enter(given, deviceId).release();
      return undefined;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  return { clock, window, code, exhausted, refusal };
}

describe('a join window', () => {
  it('makes codes that a person can type, another each time', () => {
    const codes = new Set(Array.from({ length: 50 }, () => opened().code));
    expect(codes.size).toBe(50);
    for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$/);
  });

  it.each([
    ['ABCD-EF01', 'abcdef01'],
    [' ab cd ef 01 ', 'abcdef01'],
    ['abcdefol', 'abcdef01'],
    ['ABCDEFOI', 'abcdef01'],
  ])('takes %j as it was meant', (typed, meant) => {
    expect(plainCode(typed)).toBe(meant);
    const { refusal } = opened({ code: meant, deviceId: 'plug' });
    expect(refusal('plug', typed)).toBeUndefined();
  });

  it('ends after its minutes, whatever happens to the wall clock', () => {
    const { clock, window, refusal } = opened();
    clock.step(0);
    clock.advance(10 * minuteMs - 1);
    expect(refusal('plug')).toBeUndefined();
    clock.advance(1);
    expect(window.state()).toBeUndefined();
    expect(refusal('plug')).toBe('forbidden');
    expect(window.close()).toBe(false);
  });

  it('closes at the fifth wrong code, and says so once', () => {
    const { window, exhausted, refusal } = opened();
    for (let i = 0; i < 4; i++) expect(refusal('plug', 'wrong-code')).toBe('forbidden');
    expect(window.state()?.triesLeft).toBe(1);
    expect(refusal('plug', 'wrong-code')).toBe('forbidden');
    expect(exhausted).toHaveLength(1);
    expect(refusal('plug')).toBe('forbidden');
    expect(exhausted).toHaveLength(1);
  });

  it('is for one device', () => {
    const { window, code, refusal } = opened();
    const ticket = window.enter(code, 'plug');
    ticket.spend(key, admission);
    ticket.release();
    expect(window.state()?.usedBy).toBe('plug');
    expect(refusal('lamp')).toBe('forbidden');
  });

  it('gives the same device with the same key the same answer again, and nobody else', () => {
    const { window, code } = opened();
    const first = window.enter(code, 'plug');
    first.spend(key, admission);
    first.release();
    const again = window.enter(code, 'plug');
    expect(again.admitted(key)).toBe(admission);
    expect(() => again.admitted(Buffer.from('other'))).toThrow(/lets no device in/);
  });

  it('stays open when the one who knew the code did not come in', () => {
    const { window, code, refusal } = opened();
    const ticket = window.enter(code, 'plug');
    expect(refusal('lamp')).toBe('unavailable');
    ticket.release();
    expect(refusal('lamp')).toBeUndefined();
  });

  it('that is meant for one device lets in no other; its code counts as wrong there', () => {
    const { window, refusal } = opened({ deviceId: 'plug' });
    expect(refusal('lamp')).toBe('forbidden');
    expect(window.state()?.triesLeft).toBe(4);
    expect(refusal('plug')).toBeUndefined();
  });

  it('gives way to the next one', () => {
    const { window, refusal } = opened();
    window.open({ minutes: 1 });
    expect(refusal('plug')).toBe('forbidden');
  });
});
