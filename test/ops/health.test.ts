import { expect, it } from 'vitest';
import { Health, type Probe } from '#ops';
import { ManualClock } from '../support/clock.ts';

const clock = () => new ManualClock(Date.parse('2026-03-01T08:00:00Z'));
const well: Probe = { name: 'database', check: async () => {} };
const strained: Probe = {
  name: 'telemetry',
  check: async () => ({ status: 'degraded', detail: 'the disk is 95 % full' }),
};
const broken: Probe = { name: 'mqtt', check: () => Promise.reject(new Error('not listening')) };

it.each<[string, Probe[]]>([
  ['healthy', []],
  ['healthy', [well]],
  ['degraded', [well, strained]],
  ['unhealthy', [strained, broken, well]],
])('is as well as its worst part: %s', async (status, probes) => {
  expect((await new Health(probes, clock()).report()).status).toBe(status);
});

it('says of each part how it is and how long it took to say so', async () => {
  expect(await new Health([well, strained, broken], clock()).report()).toEqual({
    status: 'unhealthy',
    timestamp: '2026-03-01T08:00:00.000Z',
    services: {
      database: { status: 'healthy', latency_ms: 0 },
      telemetry: { status: 'degraded', latency_ms: 0, detail: 'the disk is 95 % full' },
      mqtt: { status: 'unhealthy', latency_ms: 0, detail: 'not listening' },
    },
  });
});

it('takes a part that does not answer for broken', async () => {
  const time = clock();
  const silent: Probe = { name: 'mqtt', check: () => new Promise(() => {}) };
  const report = new Health([silent], time).report();
  time.advance(2000);
  expect(await report).toMatchObject({
    status: 'unhealthy',
    services: { mqtt: { latency_ms: 2000, detail: 'no answer within 2000 ms' } },
  });
});

it('asks its parts once a second, however often it is asked itself', async () => {
  const time = clock();
  let asked = 0;
  const counting: Probe = {
    name: 'database',
    check: async () => {
      asked += 1;
    },
  };
  const health = new Health([counting], time);
  for (let i = 0; i < 100; i++) await health.report();
  expect(asked).toBe(1);
  time.advance(1000);
  await health.report();
  expect(asked).toBe(2);
});
