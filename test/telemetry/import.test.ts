import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { readValue } from '../../src/telemetry/imports/reading/csv.ts';
import { type ImportHouse, local, openImportHouse } from './import-house.ts';
import { nowMs } from './line-protocol-house.ts';

const household = join(import.meta.dirname, '../fixtures/household-minute.csv');
const second = nowMs / 1000;

async function fileIn(house: ImportHouse, name: string, text: string | Buffer): Promise<string> {
  const path = join(house.directory, 'files', name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

describe('an import', () => {
  it('of a household’s readings has every value of the file, and is no news', async () => {
    const house = await openImportHouse();
    house.devices.create({ id: 'house' });
    const job = await house.bring({ path: household, device: 'house' });
    expect(job).toMatchObject({
      status: 'done',
      format: 'csv',
      readings: 600,
      skipped: 0,
      devices: ['house'],
    });
    const lines = (await readFile(household, 'utf8')).trim().split('\n').slice(1);
    const expected = lines.map((line) => {
      const [timestamp, ...values] = line.split(',');
      const [power, voltage, current] = values.map(Number);
      return { timestamp: `${timestamp}.000Z`, power, voltage, current };
    });
    expect(await house.rows('house')).toEqual(expected);
    expect(house.devices.get('house')).toMatchObject({
      latest: null,
      last_seen: null,
      status: 'offline',
    });
  });

  it('that is made twice changes nothing', async () => {
    const house = await openImportHouse();
    await house.bring({ path: household, device: 'house' });
    const before = await house.rows('house');
    expect(await house.bring({ path: household, device: 'house' })).toMatchObject({
      status: 'done',
    });
    expect(await house.rows('house')).toEqual(before);
  });

  it('brings in devices that are missing, and the audit has both', async () => {
    const house = await openImportHouse();
    const path = await fileIn(
      house,
      'a.csv',
      `device_id,timestamp,power\nplug,2026-01-01T00:00:00Z,5\n`,
    );
    await house.bring({ path });
    expect(house.devices.get('plug')).toMatchObject({ type: 'generic' });
    const rows = house.audit
      .list({ limit: 5 })
      .map(({ actor, action, outcome }) => [actor, action, outcome]);
    expect(rows).toEqual([
      ['local', 'telemetry.import', 'done'],
      ['local', 'device.add', 'ok'],
      ['local', 'telemetry.import', 'ok'],
    ]);
  });

  it('does not stand in for what devices said since', async () => {
    const house = await openImportHouse();
    house.devices.create({ id: 'a' });
    await house.telemetry.submit({
      deviceId: 'a',
      body: { power: 1, timestamp: second - 60 },
      source: 'local',
    }).committed;
    const path = await fileIn(
      house,
      'a.lp',
      `x,device_id=a power=2,other=3 ${second - 5}000000000\n`,
    );
    await house.bring({ path });
    await new Promise(setImmediate);
    expect(house.devices.get('a').latest).toMatchObject({ power: 1 });
    expect(house.devices.get('a').latest).not.toHaveProperty('other');
    expect(await house.rows('a')).toHaveLength(2);
  });

  it('keeps sensitive metrics sealed', async () => {
    const house = await openImportHouse();
    house.devices.create({ id: 'bed' });
    house.devices.sensitive.declare('bed', ['heart_rate'], () => {});
    const path = await fileIn(house, 'a.lp', `x,device_id=bed heart_rate=61 ${second}000000000\n`);
    await house.bring({ path });
    expect(house.telemetry.withheld('bed', undefined, { sensitive: false })).toEqual([
      'heart_rate',
    ]);
    expect(await house.rows('bed')).toMatchObject([{ heart_rate: 61 }]);
  });

  it('leaves out what cannot be, and says where and why', async () => {
    const house = await openImportHouse();
    const text = [
      'device_id,timestamp,power,note',
      'a,2026-01-01T00:00:00Z,5,ok',
      'a,soon,5,ok',
      ',2026-01-01T00:00:00Z,5,ok',
      'a,2099-01-01T00:00:00Z,5,',
      `a,2026-01-01T00:01:00Z,6,${'x'.repeat(300)}`,
      'a,2026-01-01T00:01:00Z',
    ].join('\r\n');
    const job = await house.bring({ path: await fileIn(house, 'a.csv', text) });
    expect(job).toMatchObject({ status: 'done', readings: 3, skipped: 5 });
    expect(job.reasons).toEqual([
      { where: 'a.csv:3', reason: 'the time "soon" is not understood', count: 1 },
      { where: 'a.csv:4', reason: 'the row names no device', count: 1 },
      { where: 'a.csv:7', reason: 'the row has 2 columns, the header 4', count: 1 },
      {
        where: '',
        reason: expect.stringContaining('the time is after 2026-01-31T12:10'),
        count: 1,
      },
      { where: '', reason: 'the text is longer than 256 characters', count: 1 },
    ]);
  });

  it('can be called off, and says so; what waits behind it runs', async () => {
    const house = await openImportHouse();
    const lines = Array.from(
      { length: 200_000 },
      (_, at) => `x,device_id=a v=${at} ${second - at}000000000`,
    );
    const path = await fileIn(house, 'long.lp', lines.join('\n'));
    const first = await house.imports.add({ path }, local);
    const next = await house.imports.add({ path: household, device: 'house' }, local);
    const never = await house.imports.add({ path }, local);
    expect(await house.imports.cancel(never.id)).toMatchObject({ status: 'cancelled' });
    expect(await house.imports.cancel(first.id)).toMatchObject({ status: 'cancelled' });
    expect(await house.ended(next.id)).toMatchObject({ status: 'done', readings: 600 });
  });

  it.each<[string, string, string]>([
    ['a name that is none', 'relative.csv', 'not absolute'],
    ['a file that is not there', '/nowhere/a.csv', 'cannot be read'],
    ['a file of no format', '/etc/hostname', 'does not say of which format'],
  ])('is refused for %s', async (_name, path, message) => {
    const house = await openImportHouse();
    await expect(house.imports.add({ path }, local)).rejects.toMatchObject({
      code: 'unprocessable',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, string, string]>([
    ['no table', 'a.csv', 'what,ever\n1,2\n'],
    ['no device', 'b.csv', 'timestamp,power\n2026-01-01T00:00:00Z,1\n'],
    ['no Parquet', 'c.parquet', 'PAR1'],
    ['no gzip', 'd.lp.gz', 'x v=1'],
    ['no database', 'e.db', 'nothing of the kind'],
  ])('fails for a file that is %s, and says which', async (_name, name, text) => {
    const house = await openImportHouse();
    const job = await house.bring({ path: await fileIn(house, name, text) });
    expect(job).toMatchObject({
      status: 'failed',
      readings: 0,
      problem: { code: 'unprocessable' },
    });
  });
});

describe('a full disk', () => {
  it('ends an import with what is wrong; what is on disk by then stays', async () => {
    const house = await openImportHouse({ telemetry: { journalBytes: 1_000_000 } });
    const lines = Array.from(
      { length: 100_000 },
      (_, at) => `x,device_id=a v=${at}.5 ${second - at}000000000`,
    );
    const job = await house.bring({ path: await fileIn(house, 'a.lp', lines.join('\n')) });
    expect(job).toMatchObject({ status: 'failed', problem: { code: 'storage_full' } });
    expect(await house.rows('a')).toHaveLength(job.readings);
    expect(job.readings).toBeLessThan(100_000);
  });
});

describe('a table', () => {
  const rows = [
    { device_id: 'a', timestamp: '2026-01-01T00:00:00.000Z', power: 1.5, on: true, note: 'x, "y"' },
    { device_id: 'a', timestamp: '2026-01-01T00:01:00.000Z', power: 2, note: '12' },
    { device_id: 'b', timestamp: '2026-01-02T00:00:00.000Z', on: false },
  ];
  const kept = rows.map(({ device_id: _, ...row }) => row);

  it('of JSON lines comes in with its kinds; what is derived and what is null is left out', async () => {
    const house = await openImportHouse();
    const text = rows
      .map((row) => JSON.stringify({ ...row, day_of_week: 4, hour_of_day: 0, gone: null }))
      .join('\n');
    const job = await house.bring({ path: await fileIn(house, 'a.jsonl', text) });
    expect(job).toMatchObject({ status: 'done', readings: 6, devices: ['a', 'b'] });
    expect([...(await house.rows('a')), ...(await house.rows('b'))]).toEqual(kept);
  });

  it('of CSV comes in with its kinds: what stands in quotes is text', async () => {
    const house = await openImportHouse();
    const text = [
      'device_id,timestamp,power,on,note,day_of_week',
      'a,2026-01-01T00:00:00Z,1.5,true,"x, ""y""",4',
      'a,2026-01-01 00:01:00,2,,"12",4',
      'b,1767312000,,false,,5',
    ];
    const path = await fileIn(house, 'a.csv.gz', gzipSync(text.join('\r\n')));
    expect(await house.bring({ path })).toMatchObject({ status: 'done', readings: 6 });
    expect([...(await house.rows('a')), ...(await house.rows('b'))]).toEqual(kept);
  });

  it('of CSV in which everything is in quotes has numbers all the same', async () => {
    const house = await openImportHouse();
    const text = '"device_id","timestamp","power"\n"a","2026-01-01T00:00:00Z","1.5"\n';
    await house.bring({ path: await fileIn(house, 'a.csv', text) });
    expect(await house.rows('a')).toEqual([{ timestamp: kept[0]?.timestamp, power: 1.5 }]);
  });

  it('of CSV that Hearth wrote has texts that look like numbers as texts', async () => {
    const house = await openImportHouse();
    const text = 'device_id,timestamp,"note",power\r\na,2026-01-01T00:00:00.000Z,"12",12.0\r\n';
    await house.bring({ path: await fileIn(house, 'a.csv', text) });
    expect(await house.rows('a')).toMatchObject([{ note: '12', power: 12 }]);
  });

  it.each([
    ['CSV', 'a.csv', (names: string[]) => `device_id,timestamp,${names}\na,2026-01-01,${names}\n`],
    [
      'JSON lines',
      'a.jsonl',
      (names: string[]) =>
        JSON.stringify({
          device_id: 'a',
          ts: 1767225600,
          ...Object.fromEntries(names.map((n) => [n, 1])),
        }),
    ],
  ])('of %s is no table where it has a hundred thousand columns', async (_, name, textOf) => {
    const house = await openImportHouse();
    const names = Array.from({ length: 100_000 }, (_column, at) => `m${at}`);
    const job = await house.bring({ path: await fileIn(house, name, textOf(names)) });
    expect(job.readings).toBe(0);
    expect(job.problem?.message ?? job.reasons[0]?.reason).toMatch(/100000 columns|1000 values/);
  });

  it('of CSV is read in time where a number has no end', async () => {
    const begun = performance.now();
    expect(readValue(`${'1'.repeat(200_000)}x`)).toHaveLength(200_001);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('has no more devices than a home: a wrong column would fill the hub with them', async () => {
    const house = await openImportHouse();
    const lines = Array.from({ length: 2100 }, (_line, at) => `d${at},1767225600,1`);
    const path = await fileIn(house, 'a.csv', `device_id,timestamp,v\n${lines.join('\n')}`);
    const bringing = house.bring({ path });
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    const job = await bringing;
    clearInterval(counting);
    expect(job).toMatchObject({ status: 'done', readings: 2000, skipped: 100 });
    expect(job.reasons[0]?.reason).toContain('more than 2000 devices');
    // Others have their turn between two handfuls of devices.
    expect(turns).toBeGreaterThan(100);
  }, 60_000);

  it('of CSV has texts over several lines', async () => {
    const house = await openImportHouse();
    const text =
      'device_id,timestamp,note\na,2026-01-01T00:00:00Z,"x\ny"\na,2026-01-01T00:01:00Z,z\n';
    await house.bring({ path: await fileIn(house, 'a.csv', text) });
    expect((await house.rows('a')).map(({ note }) => note)).toEqual(['x\ny', 'z']);
  });

  it('of Parquet comes in from a folder with a part for each day', async () => {
    const house = await openImportHouse();
    const folder = join(house.directory, 'files');
    const instance = await DuckDBInstance.create(':memory:');
    const db = await instance.connect();
    for (const day of ['2026-01-01', '2026-01-02']) {
      const part = join(folder, `date=${day}`);
      await mkdir(part, { recursive: true });
      const values = rows
        .filter(({ timestamp }) => timestamp.startsWith(day))
        .map(({ device_id, timestamp, power, on, note }) => {
          const text = note === undefined ? 'NULL' : `'${note}'`;
          return `('${device_id}', TIMESTAMP '${timestamp.slice(0, 19)}', ${power ?? 'NULL'}, ${on ?? 'NULL'}, ${text}, 4)`;
        });
      await db.run(
        `COPY (SELECT * FROM (VALUES ${values.join(', ')})
               AS t(device_id, timestamp, power, "on", note, day_of_week)) TO '${part}/part-0.parquet'`,
      );
    }
    db.closeSync();
    instance.closeSync();
    await writeFile(join(folder, '_manifest.json'), '{}');
    const job = await house.bring({ path: folder });
    expect(job).toMatchObject({ status: 'done', format: 'parquet', files: 2, readings: 6 });
    expect([...(await house.rows('a')), ...(await house.rows('b'))]).toEqual(kept);
  });

  it('goes where the map says', async () => {
    const house = await openImportHouse();
    const text = rows.map((row) => JSON.stringify(row)).join('\n');
    const map = { a: 'kettle', 'b.on': 'lamp.lit', 'a.note': 'x.y/remark' };
    await house.bring({ path: await fileIn(house, 'a.ndjson', text), map });
    expect(house.devices.list().map(({ id }) => id)).toEqual(['kettle', 'lamp', 'x.y']);
    expect(await house.rows('lamp')).toMatchObject([{ lit: false }]);
    expect((await house.rows('x.y')).map(({ remark }) => remark)).toEqual(['x, "y"', '12']);
    await expect(
      house.imports.add({ path: household, map: { a: '.x' } }, local),
    ).rejects.toMatchObject({
      field: 'device_map',
    });
  });
});

describe('a file of line protocol', () => {
  it('may be what influx_inspect exports, gzipped', async () => {
    const house = await openImportHouse();
    const text = [
      '# INFLUXDB EXPORT: 1677-09-21T00:12:43Z - 2262-04-11T23:47:16Z',
      '# DDL',
      'CREATE DATABASE home WITH NAME autogen',
      '# DML',
      '# CONTEXT-DATABASE:home',
      '# CONTEXT-RETENTION-POLICY:autogen',
      '# writing tsm data',
      'power,device_id=plug value=60.5 1735689600000000000',
      'power,device_id=plug value=61 1735689660000000000',
      'climate,room=attic,sensor=a temperature=21.5,state="ok" 1735689600000000000',
      'climate,room=attic temperature=',
      'climate temperature=1',
    ].join('\n');
    const path = await fileIn(house, 'home.lp.gz', gzipSync(text));
    const job = await house.bring({ path });
    expect(job).toMatchObject({
      status: 'done',
      readings: 4,
      skipped: 2,
      devices: ['climate-attic-a', 'plug'],
    });
    expect(job.reasons.map(({ where }) => where)).toEqual(['home.lp.gz:11', 'home.lp.gz:12']);
    expect(await house.rows('plug')).toMatchObject([{ power: 60.5 }, { power: 61 }]);
    expect(await house.rows('climate-attic-a')).toMatchObject([{ temperature: 21.5, state: 'ok' }]);
  });

  it('comes in whole, however large, with its live readings', async () => {
    const house = await openImportHouse({ config: { 'telemetry.seal_points': 50_000 } });
    const count = 250_000;
    const lines = Array.from(
      { length: count },
      (_, at) => `x,device_id=d${at % 3} v=${at} ${second - at}000000000`,
    );
    const path = await fileIn(house, 'large.lp', lines.join('\n'));
    const job = await house.imports.add({ path }, local);
    house.devices.create({ id: 'live' });
    const receipt = house.telemetry.submit({ deviceId: 'live', body: { v: 1 }, source: 'local' });
    await receipt.committed;
    expect(await house.ended(job.id)).toMatchObject({ status: 'done', readings: count });
    const { points } = await house.telemetry.storage();
    expect(points).toBe(count + 1);
  }, 60_000);
});
