import { expect, it } from 'vitest';
import { backoffMs } from '../../src/sim/backoff.ts';
import { LatencyHistogram } from '../../src/sim/latency.ts';
import { parseOrder } from '../../src/sim/orders.ts';
import { seededRandom } from '../../src/sim/random.ts';

it.each([
  { attempt: 0, least: 50, most: 100 },
  { attempt: 1, least: 100, most: 200 },
  { attempt: 5, least: 1600, most: 3200 },
  { attempt: 9, least: 15_000, most: 30_000 },
  { attempt: 1000, least: 15_000, most: 30_000 },
])('waits $least to $most ms before reconnect $attempt', ({ attempt, least, most }) => {
  expect(backoffMs(attempt, () => 0)).toBe(least);
  expect(backoffMs(attempt, () => 1)).toBe(most);
});

it('spreads its random numbers evenly over [0, 1)', () => {
  const random = seededRandom('dice');
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const tenth = Math.floor(random() * 10);
    tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1;
  }
  for (const count of tenths) {
    expect(count).toBeGreaterThan(850);
    expect(count).toBeLessThan(1150);
  }
});

it('knows percentiles to within its 5 %', () => {
  const latency = new LatencyHistogram();
  expect(latency.percentileMs(0.5)).toBeNull();
  for (let ms = 1; ms <= 1000; ms++) latency.add(ms);
  expect(Math.abs((latency.percentileMs(0.5) ?? 0) / 500 - 1)).toBeLessThan(0.06);
  expect(Math.abs((latency.percentileMs(0.99) ?? 0) / 990 - 1)).toBeLessThan(0.06);
});

it.each([
  ['set fanSpeed 3', { kind: 'set', name: 'fanSpeed', value: '3' }],
  ['  power   on ', { kind: 'set', name: 'powerOn', value: 'on' }],
  ['burst', { kind: 'burst', count: 20 }],
  ['burst 3', { kind: 'burst', count: 3 }],
  ['burst 0', { kind: 'unclear', problem: 'burst takes 1 to 1000, not "0"' }],
  ['behave nack', { kind: 'behave', behaviour: { kind: 'nack' } }],
  ['behave delay:2s', { kind: 'behave', behaviour: { kind: 'delay', delayMs: 2000 } }],
  ['behave well', { kind: 'unclear', problem: 'behave is no behaviour: "well"' }],
  ['behave delay:2', { kind: 'unclear', problem: 'behave is not a duration: "2"' }],
  ['disconnect', { kind: 'disconnect' }],
  ['quit', { kind: 'quit' }],
  ['dance', { kind: 'unclear', problem: '"dance" is not an order; try help' }],
  ['set fanSpeed', { kind: 'unclear', problem: '"set fanSpeed" is not an order; try help' }],
])('understands %s', (line, order) => {
  expect(parseOrder(line, 'powerOn')).toEqual(order);
});
