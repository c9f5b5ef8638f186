import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openDatabase } from '#db';
import type { Telemetry } from '../../src/telemetry/service.ts';
import {
  type Aggregate,
  aggregates,
  type TelemetryQuery,
  type TelemetryRow,
  type Value,
} from '../../src/telemetry/types.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, rowsOf, startTelemetry, stopTelemetry, store } from './support.ts';

/**
 * The same questions about the same readings, wherever these are: in memory, sealed, in files of days
 * with their rollups, and as rollups alone.
 */

const at = (iso: string): number => Date.parse(iso) * 1000;
const minuteUs = 60e6;
const hourUs = 3600e6;
const dayUs = 24 * hourUs;

interface Home {
  readonly zone: string;
  /** A time around which the clocks of the zone change, or might. */
  readonly aroundUs: number;
}

const homes: readonly Home[] = [
  { zone: 'UTC', aroundUs: at('2026-01-31T00:00:00Z') },
  { zone: 'Europe/Berlin', aroundUs: at('2026-03-29T01:00:00Z') },
  { zone: 'Europe/Berlin', aroundUs: at('2025-10-26T01:00:00Z') },
  { zone: 'Asia/Kolkata', aroundUs: at('2026-02-01T00:00:00Z') },
  { zone: 'Australia/Lord_Howe', aroundUs: at('2026-04-04T15:00:00Z') },
  { zone: 'Australia/Lord_Howe', aroundUs: at('2025-10-04T15:30:00Z') },
];

const lengths = [1, 1, 1, 1, 20, 60, 300, 840, 901, 3600, 7200, 40_000] as const;

interface Step {
  /** Seconds since the reading before. */
  readonly afterS: number;
  readonly jitterUs: number;
  readonly metric: 'power' | 'counter' | 'on' | 'mode' | 'mixed';
  readonly value: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  afterS: fc.constantFrom(...lengths),
  jitterUs: fc.constantFrom(0, 0, 1, 999_999),
  metric: fc.constantFrom('power', 'power', 'counter', 'on', 'mode', 'mixed'),
  value: fc.integer({ min: -50, max: 2000 }),
});

/** Readings that begin a while before the change of the clocks and go on over it. */
function readingsOf(steps: readonly Step[], { aroundUs }: Home): Record<string, Value>[] {
  let timeUs = aroundUs - 30 * hourUs;
  let counter = 0;
  return steps.map(({ afterS, jitterUs, metric, value }) => {
    timeUs = Math.floor(timeUs / 1e6) * 1e6 + afterS * 1e6 + jitterUs;
    // A meter counts up, and begins anew now and then.
    counter = value < 0 ? 0 : counter + value / 7;
    const sent: Record<Step['metric'], Value> = {
      power: value / 3,
      counter,
      on: value % 2 === 0,
      mode: `m${value % 5}`,
      mixed: value % 3 === 0 ? `text ${value % 4}` : value % 3 === 1 ? value : value > 500,
    };
    return { ts: timeUs, [metric]: sent[metric] };
  });
}

interface Question {
  readonly intervalMs: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly aggregates: readonly Aggregate[];
  readonly order: 'asc' | 'desc';
  readonly otherZone: boolean;
}

const question: fc.Arbitrary<Question> = fc.record({
  intervalMs: fc.constantFrom(
    ...[30, 60, 90, 300, 420, 900, 1800, 3600, 5400, 10_800, 21_600, 86_400, 172_800, 604_800].map(
      (seconds) => seconds * 1000,
    ),
  ),
  startUs: fc.oneof(
    fc.integer({ min: -60, max: 60 }).map((hours) => hours * hourUs),
    fc.integer({ min: -3000, max: 3000 }).map((minutes) => minutes * minuteUs),
    fc.integer({ min: -200_000, max: 200_000 }).map((seconds) => seconds * 1e6 + 123_457),
  ),
  endUs: fc.oneof(
    fc.constantFrom(hourUs, dayUs, 5 * dayUs),
    fc.integer({ min: 1, max: 500_000 }).map((seconds) => seconds * 1e6),
  ),
  aggregates: fc
    .subarray([...aggregates], { minLength: 1 })
    .map((some) => (some.length > 6 ? [...aggregates] : some)),
  order: fc.constantFrom('asc', 'desc'),
  otherZone: fc.boolean(),
});

const questionOf = (asked: Question, { aroundUs, zone }: Home): TelemetryQuery => ({
  deviceId: 'plug',
  intervalMs: asked.intervalMs,
  startUs: aroundUs + asked.startUs,
  endUs: aroundUs + asked.startUs + asked.endUs,
  aggregates: asked.aggregates,
  order: asked.order,
  timeZone: asked.otherZone ? 'America/St_Johns' : zone,
});

async function start(directory: string, { zone, aroundUs }: Home): Promise<Bench> {
  const clock = new ManualClock(aroundUs / 1000 + 20 * 86_400_000);
  return startTelemetry({
    directory,
    clock,
    config: {
      'home.time_zone': zone,
      'telemetry.retention_days': 1000,
      'limits.messages_per_second': 1e6,
    },
  });
}

/** Numbers as near as sums in another order are. */
function expectAlike(found: unknown, expected: unknown, what: string): void {
  const near = (a: unknown, b: unknown): boolean =>
    typeof a === 'number' && typeof b === 'number'
      ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))
      : // A metric that a whole page of buckets has none of is left out instead of null.
        Object.is(a ?? null, b ?? null);
  const walk = (a: unknown, b: unknown, path: string): void => {
    if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
      const names = new Set([...Object.keys(a), ...Object.keys(b)]);
      for (const name of names) walk(Reflect.get(a, name), Reflect.get(b, name), `${path}.${name}`);
    } else if (!near(a, b)) {
      expect.fail(`${what}: ${path} is ${JSON.stringify(a)} instead of ${JSON.stringify(b)}`);
    }
  };
  walk(found, expected, '');
}

async function answers(telemetry: Telemetry, home: Home, asked: readonly Question[]) {
  const found: { rows: TelemetryRow[]; statistics: unknown }[] = [];
  for (const one of asked) {
    const query = questionOf(one, home);
    const rows = await rowsOf(telemetry, query);
    const { deviceId, startUs, endUs } = query;
    const statistics = await telemetry.statistics({ deviceId, startUs, endUs });
    found.push({ rows, statistics });
  }
  return found;
}

/** Takes the raw readings of compacted days away, as retention does. */
function loseReadings(directory: string): void {
  const db = openDatabase(join(directory, 'telemetry', 'journal.db'));
  const lost = db.prepare("DELETE FROM files WHERE tier = 'raw' RETURNING name").all();
  db.close();
  for (const { name } of lost as { name: string }[]) {
    rmSync(join(directory, 'telemetry', 'raw', name));
  }
}

/** Questions whose edges all are edges of minutes can be answered without readings. */
const isWholeMinutes = ({ intervalMs, startUs, endUs }: Question): boolean =>
  intervalMs % 60_000 === 0 && startUs % minuteUs === 0 && endUs % minuteUs === 0;

/** What no rollup knows. */
function withoutShares(found: { rows: TelemetryRow[]; statistics: unknown }): unknown {
  const text = JSON.stringify(found, (key, value) => (/^p\d\d$/.test(key) ? undefined : value));
  return JSON.parse(text);
}

/** `npm run test:faults -- --rounds 40` looks longer. */
const rounds = Number(process.env.HEARTH_FAULT_ROUNDS ?? 8);

it(
  'an answer is the same from memory, from files of days and from rollups alone',
  async () => {
    const case_ = fc.record({
      home: fc.constantFrom(...homes),
      steps: fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
      late: fc.array(fc.nat(), { maxLength: 5 }),
      asked: fc.array(question, { minLength: 6, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(case_, async ({ home, steps, late, asked }) => {
        const directory = await temporaryDirectory();
        const bench = await start(directory, home);
        const { telemetry } = bench;
        const readings = readingsOf(steps, home);
        const isLate = new Set(late.map((n) => n % readings.length));
        const inTime = readings.filter((_, n) => !isLate.has(n));
        await store(telemetry, 'plug', [{ ts: home.aroundUs - 40 * hourUs, n: 1 }, ...inTime]);
        const lateOnes = readings.filter((_, n) => isLate.has(n));
        if (lateOnes.length > 0) await store(telemetry, 'plug', lateOnes);
        const expected = await answers(telemetry, home, asked);
        const check = async (of: Telemetry, where: string): Promise<void> => {
          expectAlike(await answers(of, home, asked), expected, where);
        };
        await telemetry.seal();
        await check(telemetry, 'sealed');
        await telemetry.compact();
        await check(telemetry, 'compacted');
        if (lateOnes.length > 0) {
          await store(telemetry, 'plug', lateOnes);
          await check(telemetry, 'compacted, some of it repeated');
          await telemetry.compact();
          await check(telemetry, 'compacted twice');
        }
        await stopTelemetry(bench);
        loseReadings(directory);
        const again = await start(directory, home);
        const whole = asked
          .map((one, n) => [one, expected[n]] as const)
          .filter(([one]) => isWholeMinutes(one));
        const found = await answers(
          again.telemetry,
          home,
          whole.map(([one]) => one),
        );
        expectAlike(
          found.map(withoutShares),
          whole.map(([, one]) => withoutShares(one as never)),
          'rollups alone',
        );
        await stopTelemetry(again);
      }),
      { numRuns: rounds },
    );
  },
  60_000 * rounds,
);
