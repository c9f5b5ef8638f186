import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog, systemClock } from '#kernel';
import { Analysis } from '../../src/telemetry/analysis/analysis.ts';
import type { ValuePage, WideExportJob } from '../../src/telemetry/analysis/export-job.ts';
import { pageOf } from '../../src/telemetry/exports/value-pages.ts';
import type { SnapshotFile } from '../../src/telemetry/worker/protocol.ts';
import { temporaryDirectory } from '../support/directory.ts';

const midnightUs = Date.UTC(2024, 0, 15) * 1000;
const dayUs = 86_400e6;
const secondUs = 1e6;

/** `[device, metric, time in seconds after midnight, value]` */
type Cell = readonly [string, string, number, number | boolean | string];

/** Files of readings as the worker writes them, made by hand. */
async function written(directory: string, ...files: readonly (readonly Cell[])[]) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const listed: SnapshotFile[] = [];
  for (const [at, cells] of files.entries()) {
    const path = join(directory, `${at}.parquet`);
    const rows = cells.map(([device, metric, seconds, value]) => {
      const isText = typeof value === 'string';
      const kind = isText
        ? value.startsWith('sealed:')
          ? 3
          : 2
        : typeof value === 'boolean'
          ? 1
          : 0;
      const time = `make_timestamp(${Math.round(midnightUs + seconds * secondUs)})`;
      return `('${device}', '${metric}', ${time}, ${isText ? 'NULL' : Number(value)}::DOUBLE,
        ${isText ? `'${value.replaceAll("'", "''")}'` : 'NULL'}::VARCHAR, ${kind}::UTINYINT, 0::UTINYINT)`;
    });
    await connection.run(`COPY (FROM (VALUES ${rows.join(', ')})
      AS cells (device, metric, time, value, text, kind, flags) ORDER BY device, metric, time)
      TO '${path}' (FORMAT parquet)`);
    const times = cells.map(([, , seconds]) => midnightUs + seconds * secondUs);
    listed.push({
      name: `${at}.parquet`,
      path,
      tier: 'sealed',
      fromUs: null,
      untilUs: null,
      lastSeq: at + 1,
      oldestUs: Math.min(...times),
      newestUs: Math.max(...times),
      points: cells.length,
      incomplete: [],
      shares: files.length > 1,
    });
  }
  connection.closeSync();
  instance.closeSync();
  return listed;
}

async function exporter(job: Partial<WideExportJob>, pages: readonly ValuePage[] = []) {
  const directory = await temporaryDirectory();
  const folder = join(directory, 'out');
  await import('node:fs/promises').then(({ mkdir }) => mkdir(folder));
  const analysis = new Analysis({
    clock: systemClock,
    log: silentLog,
    directory: join(directory, 'analysis'),
  });
  onTestFinished(() => analysis.stop());
  const waiting = [...pages];
  const answer = await analysis.run(
    {
      verb: 'export',
      format: 'parquet',
      partition: 'none',
      folder,
      snapshot: undefined,
      days: [{ date: '2024-01-15', startUs: midnightUs, endUs: midnightUs + dayUs }],
      devices: ['fan', 'plug'],
      fields: undefined,
      without: [],
      hasPages: pages.length > 0,
      timeZone: 'UTC',
      offsets: [{ fromUs: midnightUs, offsetUs: 0 }],
      ...job,
    },
    { onAsk: () => waiting.shift() },
  );
  return { answer, folder };
}

const snapshotOf = (files: readonly SnapshotFile[]) => ({
  lease: 1,
  files,
  days: [],
  erasures: [],
});

async function rowsIn(path: string): Promise<Record<string, unknown>[]> {
  const bytes = await readFile(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return parquetReadObjects({ file, compressors });
}

describe('the wide table', () => {
  it('has the documented columns, in order, and a row for each time of a device', async () => {
    const files = await written(await temporaryDirectory(), [
      ['plug', 'power', 36_000, 60.5],
      ['plug', 'relay', 36_000, true],
      ['plug', 'power', 36_001.5, 61],
      ['fan', 'mode', 36_000, 'auto'],
    ]);
    const { answer, folder } = await exporter({ snapshot: snapshotOf(files) });
    expect(answer.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'device_id VARCHAR',
      'timestamp TIMESTAMP',
      'mode VARCHAR',
      'power DOUBLE',
      'relay BOOLEAN',
      'day_of_week INTEGER',
      'hour_of_day INTEGER',
    ]);
    const none = { mode: null, power: null, relay: null };
    const monday = { day_of_week: 1, hour_of_day: 10 };
    expect(await rowsIn(join(folder, 'telemetry.parquet'))).toEqual([
      {
        ...none,
        ...monday,
        device_id: 'fan',
        timestamp: new Date('2024-01-15T10:00:00Z'),
        mode: 'auto',
      },
      {
        ...none,
        ...monday,
        device_id: 'plug',
        timestamp: new Date('2024-01-15T10:00:00Z'),
        power: 60.5,
        relay: true,
      },
      {
        ...none,
        ...monday,
        device_id: 'plug',
        timestamp: new Date('2024-01-15T10:00:01.5Z'),
        power: 61,
      },
    ]);
  });

  it('holds of a time what arrived last', async () => {
    const files = await written(
      await temporaryDirectory(),
      [
        ['plug', 'power', 1, 1],
        ['plug', 'power', 2, 2],
      ],
      [['plug', 'power', 2, 20]],
    );
    const { folder } = await exporter({ snapshot: snapshotOf(files) });
    const rows = await rowsIn(join(folder, 'telemetry.parquet'));
    expect(rows.map(({ power }) => power)).toEqual([1, 20]);
  });

  it('says day and hour as the clock on the wall at home does, over a change of it', async () => {
    const changeUs = Date.UTC(2026, 2, 29, 1) * 1000;
    const seconds = (changeUs - midnightUs) / secondUs;
    const files = await written(await temporaryDirectory(), [
      ['plug', 'power', seconds - 5400, 0],
      ['plug', 'power', seconds - 1, 1],
      ['plug', 'power', seconds, 2],
    ]);
    const { folder } = await exporter({
      snapshot: snapshotOf(files),
      timeZone: 'Europe/Berlin',
      days: [{ date: '2026-03-29', startUs: changeUs - 3600e6 * 2, endUs: changeUs + 3600e6 }],
      offsets: [
        { fromUs: changeUs - dayUs, offsetUs: 3600e6 },
        { fromUs: changeUs, offsetUs: 7200e6 },
      ],
    });
    const rows = await rowsIn(join(folder, 'telemetry.parquet'));
    expect(rows.map(({ day_of_week, hour_of_day }) => [day_of_week, hour_of_day])).toEqual([
      [7, 0],
      [7, 1],
      [7, 3],
    ]);
  });

  it('has text in the column of a metric that was a number once and a text another time', async () => {
    const files = await written(await temporaryDirectory(), [
      ['plug', 'mode', 1, 5],
      ['plug', 'mode', 2, 2.5],
      ['plug', 'mode', 3, true],
      ['plug', 'mode', 4, 'eco'],
    ]);
    const { folder } = await exporter({ snapshot: snapshotOf(files) });
    const rows = await rowsIn(join(folder, 'telemetry.parquet'));
    expect(rows.map(({ mode }) => mode)).toEqual(['5', '2.5', 'true', 'eco']);
  });

  it('has nothing sealed in it but what it is handed, opened', async () => {
    const files = await written(await temporaryDirectory(), [
      ['plug', 'presence', 1, 'sealed:a'],
      ['plug', 'presence', 2, 0],
      ['plug', 'power', 1, 7],
      ['fan', 'presence', 1, 'sealed:b'],
    ]);
    const page = pageOf('plug', [
      { timestamp: '2024-01-15T00:00:01.000Z', presence: true },
      { timestamp: '2024-01-15T00:00:02.000Z', presence: false },
    ]);
    const { folder } = await exporter(
      { snapshot: snapshotOf(files), without: [{ device: 'plug', metric: 'presence' }] },
      [page],
    );
    const rows = await rowsIn(join(folder, 'telemetry.parquet'));
    expect(rows.map(({ device_id, power, presence }) => [device_id, power, presence])).toEqual([
      ['plug', 7, true],
      ['plug', null, false],
    ]);
  });

  it('is told of devices and metrics that are asked for, and of no other', async () => {
    const files = await written(await temporaryDirectory(), [
      ['plug', 'power', 1, 7],
      ['plug', 'voltage', 1, 230],
      ['secret', 'power', 1, 9],
    ]);
    const { answer } = await exporter({ snapshot: snapshotOf(files), fields: ['power'] });
    expect(answer.columns.map(({ name }) => name)).not.toContain('voltage');
    expect(answer.devices.map(({ device_id }) => device_id)).toEqual(['plug']);
  });

  it('is one file with a head and no rows where there is nothing', async () => {
    const { answer, folder } = await exporter({ format: 'csv' });
    expect(answer.files).toEqual([{ name: 'telemetry.csv', rows: 0, bytes: 45 }]);
    expect(await readFile(join(folder, 'telemetry.csv'), 'utf8')).toBe(
      'device_id,timestamp,day_of_week,hour_of_day\r\n',
    );
  });

  it.each([
    [
      'csv',
      'device_id,timestamp,mode,on,power,day_of_week,hour_of_day\r\n' +
        'plug,2024-01-15T00:00:01.000Z,"a ""b"",\r\nc",true,0.1,1,0\r\n' +
        'plug,2024-01-15T00:00:01.000250Z,"",,,1,0\r\n',
    ],
    [
      'jsonl',
      '{"device_id":"plug","timestamp":"2024-01-15T00:00:01.000Z","mode":"a \\"b\\",\\r\\nc","on":true,"power":0.1,"day_of_week":1,"hour_of_day":0}\n' +
        '{"device_id":"plug","timestamp":"2024-01-15T00:00:01.000250Z","mode":"","on":null,"power":null,"day_of_week":1,"hour_of_day":0}\n',
    ],
  ] as const)('is %s, byte for byte', async (format, text) => {
    const files = await written(await temporaryDirectory(), [
      ['plug', 'power', 1, 0.1],
      ['plug', 'on', 1, true],
      ['plug', 'mode', 1, 'a "b",\r\nc'],
      ['plug', 'mode', 1.00025, ''],
    ]);
    const { answer, folder } = await exporter({
      format,
      partition: 'date',
      snapshot: snapshotOf(files),
    });
    const [file] = answer.files;
    expect(file?.name).toBe(`date=2024-01-15/part-0.${format}`);
    expect(await readFile(join(folder, file?.name ?? ''), 'utf8')).toBe(text);
  });
});
