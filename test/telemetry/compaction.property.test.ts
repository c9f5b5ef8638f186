import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Telemetry } from '../../src/telemetry/service.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { Model, rounded, rowsIn, type Sent, sumsIn } from './model.ts';
import { type Bench, rowsOf, startTelemetry, stopTelemetry, store } from './support.ts';

/** Each home with a night on which its clocks change, and a year or month that ends. */
const homes = [
  { zone: 'Europe/Berlin', startMs: Date.UTC(2025, 9, 25) },
  { zone: 'Asia/Kolkata', startMs: Date.UTC(2025, 11, 30) },
  { zone: 'Australia/Lord_Howe', startMs: Date.UTC(2025, 9, 3) },
  { zone: 'America/New_York', startMs: Date.UTC(2025, 10, 1) },
] as const;

const devices = ['plug', "o'brien"];
const value = fc.oneof(
  fc.double({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 0, max: 5 }),
);
const reading = fc.record({
  device: fc.constantFrom(...devices),
  metric: fc.constantFrom('energy', 'on', 'mode'),
  // Close together, so that buckets hold several and some come twice.
  minute: fc.oneof(fc.integer({ min: 0, max: 4 * 1440 - 1 }), fc.integer({ min: 700, max: 720 })),
  second: fc.constantFrom(0, 0, 7, 59.999999),
  value,
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.array(reading, { minLength: 1, maxLength: 25 }) },
  { weight: 2, arbitrary: fc.constant('seal' as const) },
  { weight: 2, arbitrary: fc.constant('compact' as const) },
);

/** `npm run test:faults -- --rounds 40` looks longer. */
const rounds = Number(process.env.HEARTH_FAULT_ROUNDS ?? 5);

it('any order and repetition of arrival gives the same readings and the same sums', {
  timeout: 30_000 * rounds,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...homes),
      fc.array(step, { minLength: 3, maxLength: 10 }),
      async (home, steps) => {
        const bench = await startTelemetry({
          directory: await temporaryDirectory(),
          config: {
            'home.time_zone': home.zone,
            'telemetry.retention_days': 3650,
            'limits.messages_per_second': 1e6,
          },
        });
        const model = new Model(home.zone);
        for (const one of steps) {
          if (one === 'seal') await bench.telemetry.seal();
          else if (one === 'compact') await bench.telemetry.compact();
          else {
            for (const { minute, second, ...sent } of one) {
              const timeUs = home.startMs * 1000 + minute * 60e6 + Math.round(second * 1e6);
              await send(bench.telemetry, model, { ...sent, timeUs, value: asMetric(sent) });
            }
          }
          await expectReadings(bench, model);
        }
        await bench.telemetry.compact();
        await expectReadings(bench, model);
        for (const tier of ['1m', '1h', '1d'] as const) {
          expect(rounded(await sumsIn(bench.directory, tier))).toEqual(rounded(model.sums(tier)));
        }
        const kept = await rowsIn(bench.directory, 'raw');
        expect(kept.map(nameOf).sort()).toEqual(model.readings().map(nameOf).sort());
        expect((await bench.telemetry.storage()).sealedFiles).toBe(0);
        await stopTelemetry(bench);
      },
    ),
    { numRuns: rounds },
  );
});

const nameOf = ({ device, metric }: { device?: unknown; metric?: unknown }) =>
  `${device} ${metric}`;

/** One metric counts, one is on or off, one says something. */
function asMetric({ metric, value }: { metric: string; value: number }): Sent['value'] {
  if (metric === 'on') return value > 0;
  return metric === 'mode' ? `mode ${Math.round(value)}` : value;
}

async function send(telemetry: Telemetry, model: Model, sent: Sent): Promise<void> {
  model.send(sent);
  await store(telemetry, sent.device, { ts: sent.timeUs, [sent.metric]: sent.value });
}

async function expectReadings({ telemetry }: Bench, model: Model): Promise<void> {
  for (const deviceId of devices) {
    const all = { startUs: Date.UTC(2025, 0, 1) * 1000, endUs: Date.UTC(2027, 0, 1) * 1000 };
    const rows = await rowsOf(telemetry, { deviceId, ...all });
    expect(rows).toEqual(model.rowsOf(deviceId));
  }
}
