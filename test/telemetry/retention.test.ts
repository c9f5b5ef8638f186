import { describe, expect, it } from 'vitest';
import type { NewAlert } from '#alerts';
import type { AuditEntry } from '#audit';
import type { Tier } from '../../src/telemetry/worker/tiers/tiers.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, noonUs, rowsOf, send, startTelemetry, store } from './support.ts';

const dayMs = 86_400_000;
const dayUs = dayMs * 1000;
const all = { startUs: noonUs - 9000 * dayUs, endUs: noonUs + 9000 * dayUs };
const kept = {
  'telemetry.retention_days': 7,
  'telemetry.minute_days': 30,
  'telemetry.hour_days': 365,
  'telemetry.day_days': 1825,
  'telemetry.free_disk_mb': 0,
};
const by = { actor: 'local', origin: '' };

const start = async (options: object = {}, config: object = {}) =>
  startTelemetry({
    directory: await temporaryDirectory(),
    config: { ...kept, ...config },
    ...options,
  });

/** Lets so many days pass since noon, and the hour after which a clock is believed. */
function daysLater({ clock }: Bench, days: number): void {
  clock.step(noonUs / 1000 + days * dayMs);
  clock.advance(3_700_000);
}

const tiersOf = async ({ telemetry }: Bench): Promise<string[]> =>
  (await telemetry.storage()).tiers.map(({ tier }) => tier).toSorted();
const numbersOf = async ({ telemetry }: Bench, deviceId: string) =>
  (await rowsOf(telemetry, { deviceId, ...all })).map((row) => row.n);
const rule = (target: object, days: Partial<Record<Tier, number>>) => ({
  deviceId: null,
  type: null,
  metric: null,
  ...target,
  kept: days,
});
const patience = { timeout: 15_000 };

describe('history', { timeout: 60_000 }, () => {
  it('goes tier by tier, each when it is past its time as a whole', async () => {
    const bench = await start();
    await store(bench.telemetry, 'plug', { n: 1 });
    await bench.telemetry.compact();
    const steps: [number, string[]][] = [
      [7, ['1d', '1h', '1m', 'raw']],
      [8, ['1d', '1h', '1m']],
      [30, ['1d', '1h', '1m']],
      // The month of January, and the year 2026.
      [31, ['1d', '1h']],
      [365, ['1d', '1h']],
      [366, ['1d']],
      [334 + 1825, ['1d']],
      [335 + 1825, []],
    ];
    for (const [days, expected] of steps) {
      daysLater(bench, days);
      await bench.telemetry.storage();
      await expect.poll(() => tiersOf(bench), patience).toEqual(expected);
    }
    expect(await bench.telemetry.incidents()).toEqual([]);
  });

  it('that was brought in late stays from then on as long as fresh readings do', async () => {
    const bench = await start();
    const { telemetry } = bench;
    const body = { ts: noonUs - 2000 * dayUs, n: 1 };
    await telemetry.submit({ deviceId: 'plug', body, source: 'local', imported: true }).committed;
    await telemetry.compact();
    daysLater(bench, 6);
    await telemetry.storage();
    expect(await numbersOf(bench, 'plug')).toEqual([1]);
    daysLater(bench, 8);
    await expect.poll(() => tiersOf(bench), patience).toEqual(['1d', '1h', '1m']);
  });

  it('is kept by the rules for a type, a device and a metric', async () => {
    const types = { air: 'purifier', plug: 'plug', fan: 'plug' };
    const bench = await start({ types });
    const { telemetry } = bench;
    telemetry.retention.put(rule({ deviceId: 'fan', metric: 'n' }, { raw: 40 }), by);
    for (const deviceId of Object.keys(types)) await store(telemetry, deviceId, { n: 1, m: 2 });
    await telemetry.compact();
    const left = async () => {
      const rows = Object.keys(types).map((deviceId) => rowsOf(telemetry, { deviceId, ...all }));
      return (await Promise.all(rows)).map(([row]) =>
        Object.keys(row ?? {})
          .slice(1)
          .join(),
      );
    };
    expect(await left()).toEqual(['m,n', 'm,n', 'm,n']);
    daysLater(bench, 8);
    await expect.poll(left, patience).toEqual(['m,n', '', 'n']);
    daysLater(bench, 41);
    await expect.poll(left, patience).toEqual(['m,n', '', '']);
    daysLater(bench, 91);
    await expect.poll(left, patience).toEqual(['', '', '']);
    expect(await telemetry.incidents()).toEqual([]);
  });

  it('is compacted before it goes', async () => {
    const bench = await start();
    await store(bench.telemetry, 'plug', { n: 1 });
    daysLater(bench, 10);
    await expect.poll(() => tiersOf(bench), patience).toContain('1m');
  });

  it('stays when the clock jumps, until that clock has run for an hour', async () => {
    const bench = await start();
    const { telemetry, clock } = bench;
    await store(telemetry, 'plug', { n: 1 });
    await telemetry.compact();
    clock.advance(2 * 3_600_000);
    clock.step(clock.nowMs() + 10 * dayMs);
    clock.advance(59 * 60_000);
    await telemetry.storage();
    expect(await tiersOf(bench)).toContain('raw');
    clock.advance(2 * 60_000);
    await expect.poll(() => tiersOf(bench), patience).not.toContain('raw');
  });

  it('goes as the plan says', async () => {
    const bench = await start({ types: { air: 'purifier', plug: 'plug' } });
    const { telemetry } = bench;
    for (const deviceId of ['air', 'plug']) {
      for (const minute of [1, 2, 3]) {
        await store(telemetry, deviceId, { ts: noonUs - minute * 60e6, n: minute });
      }
    }
    await telemetry.compact();
    const going = async (days: number) =>
      (await telemetry.retentionPlan(days)).going.map((one) => [
        one.inDays,
        one.tier,
        one.device,
        one.metric,
        one.points,
      ]);
    expect(await going(7)).toEqual([]);
    expect(await going(31)).toEqual([
      [8, 'raw', 'plug', 'n', 3],
      [31, '1m', 'air', 'n', 3],
      [31, '1m', 'plug', 'n', 3],
    ]);
    daysLater(bench, 8);
    await expect.poll(() => going(0), patience).toEqual([]);
    expect(await numbersOf(bench, 'plug')).toEqual([]);
    expect(await numbersOf(bench, 'air')).toEqual([3, 2, 1]);
  });
});

describe('a disk that is too full', { timeout: 60_000 }, () => {
  it('loses the oldest raw readings, and the owner is told before and after', async () => {
    let freeMb = 4000;
    const bench = await start(
      { freeBytes: () => freeMb * 1024 ** 2 },
      { 'telemetry.free_disk_mb': 1000, 'telemetry.retention_days': 100 },
    );
    const { telemetry, clock } = bench;
    const alerts: NewAlert[] = [];
    telemetry.onAlert.listen((alert) => alerts.push(alert));
    for (const day of [3, 2, 1, 0])
      await store(telemetry, 'plug', { ts: noonUs - day * dayUs, n: day });
    await telemetry.compact();
    clock.advance(30_000);
    await telemetry.storage();
    expect(alerts).toEqual([]);
    freeMb = 1900;
    clock.advance(30_000);
    await telemetry.storage();
    expect(alerts.map(({ kind }) => kind)).toEqual(['disk_low']);
    expect(await numbersOf(bench, 'plug')).toEqual([3, 2, 1, 0]);
    // Less than a byte is missing: one file is enough.
    freeMb = 999.999_999_9;
    const plan = await telemetry.retentionPlan(0);
    expect(plan.going.map(({ reason, tier, points }) => [reason, tier, points])).toEqual([
      ['disk', 'raw', 1],
    ]);
    clock.advance(30_000);
    await expect.poll(() => alerts.length, patience).toBe(2);
    expect(alerts[1]).toMatchObject({ kind: 'history_shortened', detail: { files: 1, points: 1 } });
    expect(await numbersOf(bench, 'plug')).toEqual([2, 1, 0]);
    freeMb = 0;
    clock.advance(30_000);
    await expect.poll(() => numbersOf(bench, 'plug'), patience).toEqual([0]);
    const hours = { intervalMs: 3_600_000, aggregates: ['last'] as const };
    const sums = await rowsOf(telemetry, { deviceId: 'plug', ...all, ...hours });
    expect(sums.map((row) => row.n_last)).toEqual([3, 2, 1, 0]);
  });
});

describe('a reading that is older than what is kept', () => {
  const days = (count: number) => noonUs - count * dayUs;

  it.each<[string, string, object, number | undefined]>([
    ['of everyone', 'plug', { ts: days(8), n: 1 }, undefined],
    ['of its device, in time', 'air', { ts: days(89), n: 1 }, 1],
    ['of its device, too late', 'air', { ts: days(91), n: 1 }, undefined],
    ['of another metric of it', 'plug', { ts: days(8), power: 1 }, 1],
    ['of it in part', 'plug', { ts: days(8), n: 1, power: 2 }, 1],
    [
      'of its metric, which is kept for a shorter time',
      'air',
      { ts: days(3), short: 1 },
      undefined,
    ],
  ])('is too late by the time %s', async (_, deviceId, body, accepted) => {
    const { telemetry } = await start({ types: { air: 'purifier', plug: 'plug' } });
    telemetry.retention.put(rule({ deviceId: 'plug', metric: 'power' }, { raw: 20 }), by);
    telemetry.retention.put(rule({ type: 'purifier', metric: 'short' }, { raw: 2 }), by);
    const receipt = send(telemetry, deviceId, body);
    expect(receipt.accepted).toBe(accepted ?? 0);
    await receipt.committed;
    const rows = await rowsOf(telemetry, { deviceId, ...all });
    expect(rows).toHaveLength(accepted ?? 0);
    if (accepted === undefined) {
      expect(receipt.rejected).toMatchObject(
        [{ field: 'timestamp', reason: /older than the/ }].map((one) => ({
          ...one,
          reason: expect.stringMatching(one.reason),
        })),
      );
    }
    if ('power' in body) expect(rows).toMatchObject([{ power: (body as { power: number }).power }]);
  });
});

describe('a rule', () => {
  it('takes the place of the one about the same, and both are in the audit', async () => {
    const entries: AuditEntry[] = [];
    const { telemetry } = await start({
      audit: { append: (one: AuditEntry) => entries.push(one) },
    });
    const { retention } = telemetry;
    expect(retention.rules()).toMatchObject([
      { id: 'purifier', type: 'purifier', kept: { raw: 90 } },
    ]);
    const first = retention.put(rule({ deviceId: 'plug' }, { raw: 1 }), by);
    const second = retention.put(rule({ deviceId: 'plug' }, { '1d': 2 }), by);
    expect(second).toEqual({ ...first, kept: { '1d': 2 } });
    expect(retention.rules()).toHaveLength(2);
    retention.remove(first.id, by);
    retention.remove('purifier', by);
    expect(retention.rules()).toEqual([]);
    expect(() => retention.remove('purifier', by)).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
    expect(entries.map(({ action, subject }) => [action, subject])).toEqual([
      ['retention.set', 'device:plug'],
      ['retention.set', 'device:plug'],
      ['retention.remove', 'device:plug'],
      ['retention.remove', 'type:purifier'],
    ]);
  });

  it('goes with its device', async () => {
    const { telemetry } = await start();
    telemetry.retention.put(rule({ deviceId: 'plug' }, { raw: 1 }), by);
    await telemetry.forget('plug');
    expect(telemetry.retention.rules().map(({ id }) => id)).toEqual(['purifier']);
  });

  it('is refused about a device that is not there', async () => {
    const { telemetry } = await start({ exists: () => false });
    expect(() => telemetry.retention.put(rule({ deviceId: 'plug' }, { raw: 1 }), by)).toThrow(
      expect.objectContaining({ code: 'unprocessable', field: 'device_id' }),
    );
  });
});
