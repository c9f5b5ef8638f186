import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '#kernel';
import { Secrets } from '#secrets';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { type Desk, openDesk } from './sql-support.ts';
import { noonMs, stopTelemetry, store } from './support.ts';

const hourMs = 3_600_000;
const iso = (atMs: number): string => new Date(atMs).toISOString();

/** Three days of two devices, in order of time: power every 20 minutes, a counter, a mode, a switch. */
function readings() {
  const rows: { device: string; timestamp: string; data: Record<string, unknown> }[] = [];
  for (let at = noonMs - 70 * hourMs; at <= noonMs; at += 30 * 60_000) {
    const step = (at - noonMs) / 1_800_000;
    for (const device of ['plug-1', 'plug-2']) {
      const data: Record<string, unknown> = {
        power: 100 + ((step * 7) % 13) + (device === 'plug-2' ? 1000 : 0),
        energy_total: 500 + step,
      };
      if (step % 9 === 0) Object.assign(data, { mode: `mode ${step % 4}`, on: step % 2 === 0 });
      rows.push({ device, timestamp: iso(at), data });
    }
  }
  return rows;
}

type Reading = ReturnType<typeof readings>[number];

async function send({ telemetry }: Desk, rows: readonly Reading[]): Promise<void> {
  for (const [device, all] of Map.groupBy(rows, (row) => row.device)) {
    const bodies = all.map(({ data, timestamp }) => ({ data, timestamp }));
    for (let at = 0; at < bodies.length; at += 100) {
      await store(telemetry, device, bodies.slice(at, at + 100));
    }
  }
}

const questions = [
  'select * from telemetry order by all',
  'select * from rollup_1m order by all',
  'select * from rollup_1h order by all',
  'select * from rollup_1d order by all',
  'select device_id, metric, timestamp, count, avg from rollup_1h order by all',
];

/** Answers to everything, numbers to nine digits. */
async function answers(desk: Desk): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const question of questions) {
    all.push([
      question,
      (await desk.rows(question)).map((row) =>
        row.map((cell) => (typeof cell === 'number' ? Number(cell.toPrecision(9)) : cell)),
      ),
    ]);
  }
  return all;
}

const berlin = { 'home.time_zone': 'Europe/Berlin', 'telemetry.retention_days': 30 };

describe('an answer does not depend on where readings are', { timeout: 60_000 }, () => {
  it('in the tail, sealed, compacted, or some of each', async () => {
    const desk = await openDesk({ config: berlin });
    const all = readings();
    await send(desk, all);
    const inTail = await answers(desk);
    expect((inTail[0] as [string, unknown[]])[1]).toHaveLength(
      all.flatMap(({ data }) => Object.keys(data)).length,
    );
    await desk.telemetry.seal();
    expect(await answers(desk)).toEqual(inTail);
    await desk.telemetry.compact();
    expect(await answers(desk)).toEqual(inTail);
    // Once more, as a device does that was not heard: nothing is counted twice.
    await send(desk, all.slice(0, 40));
    expect(await answers(desk)).toEqual(inTail);
    await desk.telemetry.seal();
    expect(await answers(desk)).toEqual(inTail);
    await desk.telemetry.compact();
    expect(await answers(desk)).toEqual(inTail);
  });

  it('and late readings, and corrected ones, are in it at once', async () => {
    const all = readings();
    const late = all.filter((_, at) => at % 5 === 2);
    const wrong = all.slice(10, 30).map((row) => ({ ...row, data: { power: -1 } }));
    const plain = await openDesk({ config: berlin });
    await send(plain, all);
    const expected = await answers(plain);

    const desk = await openDesk({ config: berlin });
    await send(desk, wrong);
    await send(
      desk,
      all.filter((row) => !late.includes(row)),
    );
    await desk.telemetry.compact();
    await send(desk, late.slice(0, 10));
    await send(desk, all.slice(10, 30));
    await desk.telemetry.seal();
    await send(desk, late);
    expect(await answers(desk)).toEqual(expected);
    await desk.telemetry.compact();
    expect(await answers(desk)).toEqual(expected);
  });
});

describe('telemetry', () => {
  it('shows what kind a value is, each in its column', async () => {
    const desk = await openDesk();
    await store(desk.telemetry, 'lock', { power: 1.5, open: true, mode: "it's" });
    expect(
      await desk.rows('select metric, value, text, kind from telemetry order by metric'),
    ).toEqual([
      ['mode', null, "it's", 'text'],
      ['open', 1, null, 'boolean'],
      ['power', 1.5, null, 'number'],
    ]);
  });

  it('says of a sensitive metric only that there was something', async () => {
    const keyPath = join(await temporaryDirectory(), 'hearth.key');
    const secrets = new Secrets({ keyPath, log: silentLog });
    await secrets.start();
    const sensitiveOf = () => new Set(['pin']);
    const desk = await openDesk({ vault: secrets, sensitiveOf });
    await store(desk.telemetry, 'lock', { pin: '4711', open: true });
    const question = 'select metric, value, text, kind from telemetry order by metric';
    const expected = [
      ['open', 1, null, 'boolean'],
      ['pin', null, null, 'sealed'],
    ];
    expect(await desk.rows(question)).toEqual(expected);
    await desk.telemetry.compact();
    expect(await desk.rows(question)).toEqual(expected);
    expect(await desk.rows('select metric from rollup_1h')).toEqual([['open']]);
  });

  it('knows nothing of a device that was removed, nor of what was deleted', async () => {
    const desk = await openDesk({ config: berlin });
    await send(desk, readings());
    await desk.telemetry.compact();
    await send(desk, readings().slice(-20));
    await desk.telemetry.seal();
    await desk.telemetry.forget('plug-1');
    await store(desk.telemetry, 'plug-1', { power: 7 });
    const from = (noonMs - 2 * hourMs) * 1000;
    const erased = desk.telemetry.erase({
      deviceId: 'plug-2',
      metrics: ['power'],
      startUs: from,
      endUs: Number.MAX_SAFE_INTEGER,
      actor: 'local',
    });
    const question = `select device_id, count(*), max(timestamp) from telemetry
      where metric = 'power' group by all order by all`;
    const rows = await desk.rows(question);
    const last = iso(noonMs - 2 * hourMs - 30 * 60_000);
    expect(rows[0]?.slice(0, 2)).toEqual(['plug-1', 1]);
    expect(rows[1]?.[2]).toBe(last);
    await erased;
    await desk.telemetry.erased();
    expect(await desk.rows(question)).toEqual(rows);
    expect(
      await desk.rows(`select device_id, sum(count) from rollup_1d
        where metric = 'power' group by all order by all`),
    ).toEqual(rows.map((row) => row.slice(0, 2)));
  });
});

describe('a rollup', () => {
  it('has the buckets of the home: days begin at midnight there, over a change of clocks', async () => {
    const at = Date.UTC(2026, 2, 28, 12);
    const desk = await openDesk({ clock: new ManualClock(at + 72 * hourMs), config: berlin });
    const hours = Array.from({ length: 60 }, (_, hour) => ({
      data: { power: 1000 },
      timestamp: iso(at + hour * hourMs),
    }));
    await store(desk.telemetry, 'plug-1', hours);
    const expected = [
      ['2026-03-27T23:00:00.000Z', 11],
      ['2026-03-28T23:00:00.000Z', 23],
      ['2026-03-29T22:00:00.000Z', 24],
      ['2026-03-30T22:00:00.000Z', 2],
    ];
    const question = 'select timestamp, count from rollup_1d order by timestamp';
    expect(await desk.rows(question)).toEqual(expected);
    await desk.telemetry.compact();
    expect(await desk.rows(question)).toEqual(expected);
    expect(
      await desk.rows(`select date_trunc('day', timestamp), count(*)::integer from telemetry
        group by 1 order by 1`),
    ).toEqual(expected);
  });

  it('counts what lies between two of its rows: energy is whole, a meter goes on', async () => {
    const desk = await openDesk();
    const minutes = Array.from({ length: 121 }, (_, minute) => ({
      data: { power: 600, meter: minute < 60 ? 100 + minute : minute - 60 },
      timestamp: iso(noonMs - (120 - minute) * 60_000),
    }));
    await store(desk.telemetry, 'plug-1', minutes);
    await desk.telemetry.compact();
    for (const tier of ['1m', '1h', '1d']) {
      const [row] = await desk.rows(`select
        round(sum(energy_kwh) filter (metric = 'power'), 9),
        sum(increase) filter (metric = 'meter') from rollup_${tier}`);
      // 2 h at 600 W; 59 up, a meter that began again at 0, 60 up.
      expect(row).toEqual([1.2, 119]);
    }
  });

  it('knows days whose readings are gone, and adds what came late for them', async () => {
    const directory = await temporaryDirectory();
    const config = { 'telemetry.retention_days': 7, 'home.time_zone': 'Europe/Berlin' };
    const earlier = await openDesk({ directory, config });
    await send(earlier, readings());
    await earlier.telemetry.compact();
    const question = 'select * from rollup_1h order by all';
    const counts = `select metric, sum(count) from rollup_1d where device_id = 'plug-1'
      group by all order by all`;
    const before = await earlier.rows(question);
    const power = (await earlier.rows(counts)).at(-1);
    await stopTelemetry(earlier);

    const clock = new ManualClock(noonMs + 20 * 24 * hourMs);
    const desk = await openDesk({ directory, config, clock });
    // A clock is believed once it has run steadily for an hour.
    clock.advance(61 * 60_000);
    await expect
      .poll(() => desk.rows('select count(*) from telemetry'), { timeout: 10_000 })
      .toEqual([[0]]);
    expect(await desk.rows(question)).toEqual(before);

    const late = desk.telemetry.submit({
      deviceId: 'plug-1',
      body: { power: 5000, timestamp: iso(noonMs - 30.1 * hourMs) },
      source: 'local',
      imported: true,
    });
    await late.committed;
    expect((await desk.rows(counts)).at(-1)).toEqual(['power', Number(power?.[1]) + 1]);
    expect(
      await desk.rows("select count(*) from rollup_1h where max = 5000 and metric = 'power'"),
    ).toEqual([[1]]);
  });
});
