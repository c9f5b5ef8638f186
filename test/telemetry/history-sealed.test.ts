import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '#kernel';
import { Secrets } from '#secrets';
import { aggregates, type TelemetryRow } from '../../src/telemetry/types.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonUs, startTelemetry, store } from './support.ts';

const seen = { sensitive: true };
const unseen = { sensitive: false };

/** Two devices that send the same, of which one keeps it sealed. */
async function start() {
  const directory = join(await temporaryDirectory(), 'data');
  mkdirSync(directory);
  const vault = new Secrets({ keyPath: join(directory, '../hearth.key'), log: silentLog });
  await vault.start();
  const { telemetry } = await startTelemetry({
    directory,
    vault,
    sensitiveOf: (id) => new Set(id === 'sealed' ? ['power', 'mode'] : []),
  });
  const body = Array.from({ length: 200 }, (_, n) => ({
    // Unevenly, with silences, and a meter that begins anew.
    ts: noonUs - 30_000e6 + n * 97e6 + (n % 7) * 11e6 + (n > 100 ? 4000e6 : 0),
    power: (n * 37) % 101,
    mode: n % 3 === 0 ? 'eco' : n,
  }));
  for (const id of ['sealed', 'plain']) {
    await store(telemetry, id, body.slice(0, 120));
    await telemetry.compact();
    await store(telemetry, id, body.slice(120));
  }
  return telemetry;
}

const span = { startUs: noonUs - 29_000e6 - 1, endUs: noonUs - 6_000e6 };

const near = (row: TelemetryRow): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? expect.closeTo(value, 6) : value,
    ]),
  );

describe('what is sealed', () => {
  it.each([300_000, 3_600_000])(
    'comes to what the same readings in the open do, %i',
    async (intervalMs) => {
      const telemetry = await start();
      const ask = async (deviceId: string): Promise<TelemetryRow[]> => {
        const rows: TelemetryRow[] = [];
        const query = { deviceId, ...span, intervalMs, aggregates };
        for await (const page of telemetry.query(query, seen)) rows.push(...page);
        return rows;
      };
      const plain = await ask('plain');
      expect(plain.length).toBeGreaterThan(3);
      expect(await ask('sealed')).toEqual(plain.map(near));
    },
  );

  it('is summed up with others, for those who may see it', async () => {
    const telemetry = await start();
    const query = { ...span, intervalMs: 3_600_000, timeZone: 'UTC', aggregates };
    const groups = [{ deviceIds: ['plain', 'sealed'] }, { deviceIds: ['nobody'] }];
    const twice = [{ deviceIds: ['plain'] }];
    const [both] = await telemetry.series({ ...query, groups }, seen);
    const [one] = await telemetry.series({ ...query, groups: twice }, seen);
    const summed = new Set(['count', 'sum', 'increase', 'energy'].map((name) => `power_${name}`));
    for (const [at, row] of (one?.rows ?? []).entries()) {
      for (const [name, value] of Object.entries(row)) {
        if (!name.startsWith('power')) continue;
        const expected = summed.has(name) ? Number(value) * 2 : value;
        expect(both?.rows[at]?.[name]).toEqual(
          typeof expected === 'number' ? expect.closeTo(expected, 6) : expected,
        );
      }
    }
    const [hidden] = await telemetry.series({ ...query, groups }, unseen);
    expect(hidden?.rows).toEqual(one?.rows);
  });

  it('is in statistics of several devices, for those who may see it', async () => {
    const telemetry = await start();
    const asked = { ...span, deviceIds: ['plain', 'sealed'] };
    const all = await telemetry.manyStatistics(asked, seen);
    const { metrics, energyKwh } = all.get('plain') ?? { metrics: {}, energyKwh: null };
    expect(all.get('sealed')).toEqual({
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, one]) => [name, near(one as never)]),
      ),
      energyKwh: expect.closeTo(energyKwh ?? 0, 9),
    });
    const some = await telemetry.manyStatistics(asked, unseen);
    expect(some.get('sealed')).toEqual({ metrics: {}, energyKwh: null });
  });

  it('is thinned out for a chart once it is open', async () => {
    const telemetry = await start();
    const query = { deviceId: 'sealed', ...span, fields: ['power'], points: 20 };
    const rows: TelemetryRow[] = [];
    for await (const page of telemetry.query(query, seen)) rows.push(...page);
    expect(rows.length).toBeLessThanOrEqual(20);
    const powers = rows.map((row) => row.power as number);
    const { metrics } = await telemetry.statistics({ deviceId: 'plain', ...span });
    expect([Math.min(...powers), Math.max(...powers)]).toEqual([
      metrics.power?.min,
      metrics.power?.max,
    ]);
  });
});
