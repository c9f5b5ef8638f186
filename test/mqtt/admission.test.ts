import { describe, expect, it } from 'vitest';
import { Counters } from '../../src/mqtt/counters.ts';
import { Admission, type Entrance } from '../../src/mqtt/listeners/admission.ts';
import { ManualClock } from '../support/clock.ts';
import { roomyLimits } from './harness.ts';

/** An admission at which anyone from any address may ring; `log` is what became of them, in order. */
function openDoor({ connections = 2000, connectsPerSecond = 2000 } = {}) {
  const clock = new ManualClock(0);
  const limits = { ...roomyLimits, connections, connectsPerSecond };
  const admission = new Admission(limits, new Counters(), clock);
  const log: string[] = [];
  const ring = (remoteAddress: string, begin: (entrance: Entrance) => void = () => {}) =>
    admission.enter({
      remoteAddress,
      begin: (entrance) => {
        log.push(remoteAddress);
        begin(entrance);
      },
      giveUp: () => log.push(`${remoteAddress} gave up`),
    });
  const ringTimes = (count: number, remoteAddress: string) =>
    Array.from({ length: count }, () => ring(remoteAddress));
  return { admission, clock, log, ring, ringTimes };
}

describe('one address', () => {
  it('never has all handshakes: others overtake those of it that wait', () => {
    const { log, ring, ringTimes } = openDoor();
    ringTimes(200, 'stranger');
    expect(log).toHaveLength(32);
    for (const lamp of ['lamp 1', 'lamp 2']) ring(lamp);
    expect(log.slice(32)).toEqual(['lamp 1', 'lamp 2']);
  });

  it('never has all the places: the house is not full for others', () => {
    const { ring, ringTimes } = openDoor({ connections: 200 });
    const stranger = ringTimes(300, 'stranger').filter((entrance) => entrance !== undefined);
    expect(stranger).toHaveLength(32 + 100);
    expect(ring('lamp')).toBeDefined();
  });

  it('gets its turn when one of its handshakes is over', () => {
    const { log, ringTimes } = openDoor();
    const [first, second] = ringTimes(40, 'fleet');
    first?.connected();
    second?.leave();
    second?.leave();
    expect(log).toHaveLength(34);
  });
});

describe('a connection that waits', () => {
  it('frees its place when it leaves, and its turn goes to the next', () => {
    const { admission, clock, log, ring } = openDoor({ connections: 3, connectsPerSecond: 1 });
    ring('a');
    const gone = ring('b');
    ring('c');
    expect(ring('d')).toBeUndefined();
    gone?.leave();
    expect(ring('d')).toBeDefined();
    clock.advance(2000);
    expect(log).toEqual(['a', 'c', 'd']);
    expect(admission.handshakes).toBe(3);
  });

  it('gives up after half a minute', () => {
    const { admission, clock, log, ringTimes } = openDoor();
    ringTimes(33, 'fleet');
    clock.advance(30_000);
    admission.sweep(clock.monotonicMs());
    expect(log).toHaveLength(32);
    clock.advance(1);
    admission.sweep(clock.monotonicMs());
    expect(log.slice(32)).toEqual(['fleet gave up']);
    expect(admission.handshakes).toBe(32);
  });

  it('may leave as its turn comes, however many do', () => {
    const { admission, log, ring } = openDoor({ connections: 10_000, connectsPerSecond: 10_000 });
    const all = Array.from({ length: 5000 }, () => ring('fleet', (entrance) => entrance.leave()));
    expect(all).not.toContain(undefined);
    expect(log).toHaveLength(5000);
    expect(admission.handshakes).toBe(0);
  });
});
