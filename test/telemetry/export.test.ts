import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { type Caller, localCaller, type Role } from '#auth';
import { Signal, silentLog } from '#kernel';
import { Secrets } from '#secrets';
import { Analysis } from '../../src/telemetry/analysis/analysis.ts';
import type { WideExportAnswer } from '../../src/telemetry/analysis/export-job.ts';
import type { ExportJob } from '../../src/telemetry/exports/types.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { parquetRows, startExporting } from './exporting.ts';
import { noonUs, secondUs, store } from './support.ts';

const person = (role: Role): Caller => ({
  kind: 'person',
  sessionId: 's',
  id: role,
  name: role,
  role,
});
const token: Caller = {
  kind: 'token',
  id: 't',
  name: 'ml',
  role: 'owner',
  scopes: ['telemetry.export'],
};
const day = { start: '2026-01-30T00:00:00Z', end: '2026-02-01T00:00:00Z' };

/** Two days of a plug and a fan, a part of them sealed and the rest in the tail. */
async function fill({ telemetry }: Awaited<ReturnType<typeof startExporting>>) {
  await store(telemetry, 'plug', [
    { ts: noonUs - 86_400 * secondUs, power: 60.5, relay: true },
    { ts: noonUs - 86_399.5 * secondUs, power: 61 },
  ]);
  await telemetry.seal();
  await store(telemetry, 'plug', { ts: noonUs - 10 * secondUs, power: 62, relay: false });
  await store(telemetry, 'fan', { ts: noonUs - 5 * secondUs, mode: 'auto', speed: 3 });
}

const none = { mode: null, power: null, relay: null, speed: null };
const friday = { day_of_week: 5, hour_of_day: 12 };
const saturday = { day_of_week: 6, hour_of_day: 11 };
const at = (seconds: number) => new Date(noonUs / 1000 + seconds * 1000);
const table = {
  '2026-01-30': [
    { device_id: 'plug', timestamp: at(-86_400), ...none, power: 60.5, relay: true, ...friday },
    { device_id: 'plug', timestamp: at(-86_399.5), ...none, power: 61, ...friday },
  ],
  '2026-01-31': [
    { device_id: 'fan', timestamp: at(-5), ...none, mode: 'auto', speed: 3, ...saturday },
    { device_id: 'plug', timestamp: at(-10), ...none, power: 62, relay: false, ...saturday },
  ],
};

describe('an export to a folder', () => {
  it('is a file for each day, which readers of Parquet know as one table', async () => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    const job = await home.run({ ...day, format: 'parquet', out });
    expect(job).toMatchObject({
      status: 'done',
      destination: out,
      progress: { days_done: 2, days: 2, rows: 4 },
      problem: null,
    });
    expect(readdirSync(out).sort()).toEqual([
      '_manifest.json',
      'date=2026-01-30',
      'date=2026-01-31',
    ]);
    for (const [date, rows] of Object.entries(table)) {
      expect(await parquetRows(join(out, `date=${date}`, 'part-0.parquet'))).toEqual(rows);
    }
    const manifest = JSON.parse(await readFile(join(out, '_manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      format: 'parquet',
      start: '2026-01-30T00:00:00.000Z',
      time_zone: 'UTC',
      rows: 4,
      from: '2026-01-30T12:00:00.000Z',
      files: job.files,
    });
    expect(manifest.columns.map(({ name }: { name: string }) => name)).toEqual([
      ...[
        'device_id',
        'timestamp',
        'mode',
        'power',
        'relay',
        'speed',
        'day_of_week',
        'hour_of_day',
      ],
    ]);
  });

  it('is read by a DuckDB outside of the hub, with the types that are documented', async () => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    await home.run({ ...day, format: 'parquet', out });
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const read = async (sql: string) => (await connection.run(sql)).getRowsJson();
    const all = `read_parquet('${out}/*/*.parquet')`;
    expect(
      (await read(`DESCRIBE SELECT * FROM ${all}`)).map(([name, type]) => `${name} ${type}`),
    ).toEqual([
      'device_id VARCHAR',
      'timestamp TIMESTAMP',
      'mode VARCHAR',
      'power DOUBLE',
      'relay BOOLEAN',
      'speed DOUBLE',
      'day_of_week INTEGER',
      'hour_of_day INTEGER',
      'date DATE',
    ]);
    expect(
      await read(`SELECT date, count(*), sum(power) FROM ${all} GROUP BY 1 ORDER BY 1`),
    ).toEqual([
      ['2026-01-30', '2', 121.5],
      ['2026-01-31', '2', 62],
    ]);
    connection.closeSync();
    instance.closeSync();
  });

  it.each(['csv', 'jsonl'] as const)('holds in %s what was sent', async (format) => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    await home.run({ ...day, format, out, partition: 'none' });
    const text = await readFile(join(out, `telemetry.${format}`), 'utf8');
    const rows = format === 'csv' ? csvRows(text) : jsonRows(text);
    expect(rows).toEqual(
      Object.values(table)
        .flat()
        .map((row) => ({ ...row, timestamp: row.timestamp.toISOString() }))
        .sort((a, b) => (a.device_id + a.timestamp < b.device_id + b.timestamp ? -1 : 1)),
    );
  });

  it('replaces an earlier one, and nothing else', async () => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    await home.run({ ...day, format: 'parquet', out });
    await writeFile(join(out, 'notes.txt'), 'mine');
    const again = await home.run({ ...day, start: '2026-01-31T00:00:00Z', format: 'csv', out });
    expect(again.status).toBe('done');
    expect(readdirSync(out).sort()).toEqual(['_manifest.json', 'date=2026-01-31', 'notes.txt']);
    expect(readdirSync(join(out, 'date=2026-01-31'))).toEqual(['part-0.csv']);
  });

  it('takes the place of one that was cut off', async () => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    await mkdir(join(out, '_unfinished', 'date=2026-01-30'), { recursive: true });
    await writeFile(join(out, '_unfinished', 'date=2026-01-30', 'part-0.parquet'), 'half');
    const job = await home.run({ ...day, format: 'parquet', out });
    expect([job.status, existsSync(join(out, '_unfinished'))]).toEqual(['done', false]);
  });

  it.each<
    [string, (home: Awaited<ReturnType<typeof startExporting>>) => Promise<string>, number, string]
  >([
    [
      'with something else in it',
      async (home) => {
        const out = await home.folder();
        await writeFile(join(out, 'thesis.txt'), 'x');
        return out;
      },
      409,
      'holds something that is no export',
    ],
    ['that is not there', async (home) => join(await home.folder(), 'none'), 422, 'cannot write'],
    [
      'that is a file',
      async (home) => {
        const out = join(await home.folder(), 'file');
        await writeFile(out, 'x');
        return out;
      },
      422,
      'cannot write',
    ],
    [
      'within the data of the hub',
      async (home) => join(home.directory, 'telemetry'),
      422,
      'within the data',
    ],
    ['without a whole path', async () => 'history', 400, 'no absolute path'],
    [
      'that leads to the data of the hub',
      async (home) => {
        const link = join(await home.folder(), 'link');
        const inside = join(home.directory, 'telemetry', 'empty');
        await mkdir(inside);
        await symlink(inside, link);
        return link;
      },
      422,
      'within the data',
    ],
  ])('refuses a folder %s', async (_, folderOf, status, words) => {
    const home = await startExporting();
    const answer = await home.ask('POST', '/exports', {
      ...day,
      format: 'parquet',
      out: await folderOf(home),
    });
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { detail: string }).detail).toContain(words);
    expect(home.exports.list()).toEqual([]);
  });
});

describe('an export to be downloaded', () => {
  it('is handed out file by file, and goes when it is forgotten', async () => {
    const home = await startExporting();
    await fill(home);
    const job = await home.run({ ...day, format: 'csv', partition: 'none', devices: ['fan'] });
    expect(job.files.map(({ name }) => name)).toEqual(['telemetry.csv']);
    const answer = await home.ask('GET', `/exports/${job.id}/files/telemetry.csv`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await answer.text()).toBe(
      'device_id,timestamp,mode,speed,day_of_week,hour_of_day\r\n' +
        'fan,2026-01-31T11:59:55.000Z,"auto",3.0,6,11\r\n',
    );
    await home.ask('DELETE', `/exports/${job.id}`);
    expect((await home.ask('GET', `/exports/${job.id}`)).status).toBe(404);
    expect(existsSync(join(home.directory, 'exports', job.id))).toBe(false);
    expect(home.audit.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'telemetry.export ok',
      'telemetry.export downloaded',
      'telemetry.export removed',
    ]);
  });

  it('keeps no file open for whoever only asks how large it is', async () => {
    const home = await startExporting();
    await fill(home);
    const job = await home.run({ ...day, format: 'csv', partition: 'none' });
    const path = `/exports/${job.id}/files/telemetry.csv`;
    const answer = await home.ask('HEAD', path);
    const length = answer.headers.get('content-length');
    expect([answer.status, await answer.text(), length]).toEqual([
      200,
      '',
      String(job.files[0]?.bytes),
    ]);
    await setTimeout(50);
    const open = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    expect(open.filter((one) => one.includes(job.id))).toEqual([]);
    expect(home.audit.map(({ outcome }) => outcome)).toEqual(['ok']);
  });

  it('hands out a file of a day, and nothing that it did not write', async () => {
    const home = await startExporting();
    await fill(home);
    const job = await home.run({ ...day, format: 'parquet' });
    const get = async (name: string) =>
      (await home.ask('GET', `/exports/${job.id}/files/${encodeURIComponent(name)}`)).status;
    expect(await get('date=2026-01-30/part-0.parquet')).toBe(200);
    expect(await get('_manifest.json')).toBe(200);
    for (const name of ['../jobs.json', '..%2Fjobs.json', 'date=2026-01-30', '/etc/passwd']) {
      expect(await get(name)).toBe(404);
    }
  });
});

describe('what is exported', () => {
  it('is of a day of the calendar at home', async () => {
    const home = await startExporting({ config: { 'home.time_zone': 'Asia/Kolkata' } });
    await store(home.telemetry, 'plug', { ts: '2026-01-30T18:29:59Z', power: 1 });
    await store(home.telemetry, 'plug', { ts: '2026-01-30T18:30:00Z', power: 2 });
    const job = await home.run({ ...day, format: 'jsonl' });
    expect(job.files.map(({ name, rows }) => [name, rows])).toEqual([
      ['date=2026-01-30/part-0.jsonl', 1],
      ['date=2026-01-31/part-0.jsonl', 1],
    ]);
  });

  it('are sums where an interval is asked for', async () => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    await home.run({
      ...day,
      format: 'jsonl',
      interval: '1h',
      devices: ['plug'],
      fields: ['power'],
      partition: 'none',
      out,
    });
    expect(jsonRows(await readFile(join(out, 'telemetry.jsonl'), 'utf8'))).toEqual([
      {
        device_id: 'plug',
        timestamp: '2026-01-30T12:00:00.000Z',
        power_avg: 60.75,
        power_max: 61,
        power_min: 60.5,
        ...friday,
      },
      {
        device_id: 'plug',
        timestamp: '2026-01-31T11:00:00.000Z',
        power_avg: 62,
        power_max: 62,
        power_min: 62,
        ...saturday,
      },
    ]);
  });

  it('is the same before and after compaction, and of both where late readings came since', async () => {
    const home = await startExporting();
    await fill(home);
    const read = async () => {
      const out = await home.folder();
      await home.run({ ...day, format: 'jsonl', partition: 'none', out });
      return jsonRows(await readFile(join(out, 'telemetry.jsonl'), 'utf8'));
    };
    const before = await read();
    await home.telemetry.compact();
    expect(await read()).toEqual(before);
    // Late for a day that was compacted: one that is new, and one in the place of another.
    const lateUs = noonUs - 86_400 * secondUs;
    await store(home.telemetry, 'plug', [
      { ts: lateUs, power: 99 },
      { ts: lateUs - secondUs, power: 98 },
    ]);
    const after = await read();
    const plug = before.filter((row) => row.device_id === 'plug');
    expect(after.filter((row) => row.device_id === 'plug')).toEqual([
      {
        ...plug[0],
        timestamp: '2026-01-30T11:59:59.000Z',
        power: 98,
        relay: null,
        hour_of_day: 11,
      },
      { ...plug[0], power: 99 },
      ...plug.slice(1),
    ]);
  });

  it('is each reading once, the last that arrived', async () => {
    const home = await startExporting();
    const { telemetry } = home;
    await store(telemetry, 'plug', { ts: noonUs - secondUs, power: 1 });
    await telemetry.seal();
    await store(telemetry, 'plug', { ts: noonUs - secondUs, power: 2 });
    await telemetry.seal();
    await store(telemetry, 'plug', { ts: noonUs - secondUs, power: 3 });
    const out = await home.folder();
    await home.run({ ...day, format: 'jsonl', partition: 'none', out });
    const rows = jsonRows(await readFile(join(out, 'telemetry.jsonl'), 'utf8'));
    expect(rows).toMatchObject([{ power: 3 }]);
  });

  it('are statistics as the importers of Home Assistant take them', async () => {
    const home = await startExporting();
    await store(
      home.telemetry,
      'plug',
      [0, 1200, 2400, 3600].map((seconds) => ({
        ts: noonUs - (7200 - seconds) * secondUs,
        power: seconds / 100,
        energy: seconds === 3600 ? 0.5 : 10 + seconds / 1200,
        relay: true,
        mode: 'eco',
      })),
    );
    const out = await home.folder();
    const job = await home.run({ ...day, format: 'ha-statistics', devices: ['plug'], out });
    expect(job.files.map(({ name, rows }) => [name, rows])).toEqual([
      ['measurements.csv', 2],
      ['counters.csv', 2],
    ]);
    const measured = (await readFile(join(out, 'measurements.csv'), 'utf8')).split('\r\n');
    expect(measured[0]).toBe('statistic_id,unit,start,min,max,mean');
    expect(measured[1]).toMatch(/^hearth:plug_power,W,2026-01-31 10:00,0,24,\d+(\.\d+)?$/);
    expect(measured[2]).toBe('hearth:plug_power,W,2026-01-31 11:00,36,36,36');
    // The meter began again at 0 and had counted 0.5 since.
    expect(await readFile(join(out, 'counters.csv'), 'utf8')).toBe(
      'statistic_id,unit,start,sum,state\r\n' +
        'hearth:plug_energy,kWh,2026-01-31 10:00,2,12\r\n' +
        'hearth:plug_energy,kWh,2026-01-31 11:00,2.5,0.5\r\n',
    );
  });
});

describe('sensitive metrics', () => {
  async function watched() {
    const directory = await temporaryDirectory();
    const secrets = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
    await secrets.start();
    const data = join(directory, 'data');
    await mkdir(data);
    const home = await startExporting({
      directory: data,
      secrets,
      devices: ['watch'],
      sensitive: { watch: ['spo2', 'note'] },
    });
    await store(home.telemetry, 'watch', {
      ts: noonUs - secondUs,
      spo2: 97,
      note: 'Zwiebel',
      steps: 5,
    });
    await home.telemetry.seal();
    await store(home.telemetry, 'watch', { ts: noonUs - 1, spo2: 98 });
    return home;
  }

  it('are opened for whoever may see them, and lie nowhere in the clear afterwards', async () => {
    const home = await watched();
    const out = await home.folder();
    const job = await home.run({ ...day, format: 'jsonl', partition: 'none', out });
    expect([job.sensitive, job.withheld]).toEqual([true, []]);
    expect(jsonRows(await readFile(join(out, 'telemetry.jsonl'), 'utf8'))).toMatchObject([
      { note: 'Zwiebel', spo2: 97, steps: 5 },
      { note: null, spo2: 98, steps: null },
    ]);
    for (const path of readdirSync(home.directory, { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue;
      const bytes = await readFile(join(path.parentPath, path.name));
      expect(bytes.includes('Zwiebel'), path.name).toBe(false);
    }
  });

  it('are left out for others, who are told so', async () => {
    const home = await watched();
    const out = await home.folder();
    const job = await home.run({ ...day, format: 'jsonl', partition: 'none' }, token);
    expect(job.withheld).toEqual([{ device_id: 'watch', metrics: ['note', 'spo2'] }]);
    const answer = await home.ask(
      'GET',
      `/exports/${job.id}/files/telemetry.jsonl`,
      undefined,
      token,
    );
    expect(jsonRows(await answer.text())).toEqual([
      { device_id: 'watch', timestamp: '2026-01-31T11:59:59.000Z', steps: 5, ...saturday },
    ]);
    expect(out).not.toBe('');
  });

  it('are not downloaded from an export of somebody else who may see them', async () => {
    const home = await watched();
    const job = await home.run({ ...day, format: 'jsonl', partition: 'none' });
    const path = `/exports/${job.id}/files/telemetry.jsonl`;
    expect((await home.ask('GET', path, undefined, token)).status).toBe(403);
    expect((await home.ask('GET', path, undefined, person('admin'))).status).toBe(200);
  });
});

describe('who may export', () => {
  it.each<[string, Caller, number]>([
    ['the owner at the machine', localCaller, 202],
    ['an owner', person('owner'), 202],
    ['an admin', person('admin'), 202],
    ['a member', person('member'), 403],
    ['a guest', person('guest'), 403],
    ['a service', { kind: 'token', id: 's', name: 's', role: 'service' }, 403],
    ['a token with that scope alone', token, 202],
    ['a device', { kind: 'device', id: 'plug', name: 'plug', role: 'device' }, 403],
  ])('%s: %#', async (_, caller, status) => {
    const home = await startExporting();
    const answer = await home.ask('POST', '/exports', { ...day, format: 'csv' }, caller);
    expect(answer.status).toBe(status);
    await home.exports.drained();
  });

  it.each([
    ['a folder is for the owner at the machine alone', { out: '/tmp' }, 403, 'out'],
    ['a folder and a bucket at once', { out: '/tmp', s3: 's3://b/c' }, 400, 's3'],
    ['a bucket without a key that is set up', { s3: 's3://bucket/c' }, 422, 's3'],
    ['what is no place in S3', { s3: 'https://b/c' }, 400, 's3'],
    ['a device that is not there', { devices: ['ghost'] }, 404, 'id'],
    ['an end before the start', { end: '2026-01-01T00:00:00Z' }, 400, 'end'],
    ['seconds', { interval: '10s' }, 400, 'interval'],
    ['sums as statistics', { interval: '1h', format: 'ha-statistics' }, 400, 'interval'],
  ])('%s is refused', async (what, body, status, field) => {
    const home = await startExporting();
    const caller = what.startsWith('a folder is') ? person('owner') : localCaller;
    const answer = await home.ask('POST', '/exports', { ...day, format: 'csv', ...body }, caller);
    expect([answer.status, ((await answer.json()) as { field: string }).field]).toEqual([
      status,
      field,
    ]);
  });
});

describe('jobs', () => {
  /** An analysis that does nothing until it is told, or called off. */
  function held() {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<WideExportAnswer>();
    return {
      begun: begun.promise,
      finish: () => go.resolve({ columns: [], files: [], devices: [] }),
      analysis: {
        run: async (_: unknown, { signal }: { readonly signal?: AbortSignal }) => {
          begun.resolve();
          signal?.throwIfAborted();
          const off = new Promise<never>((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason)),
          );
          return Promise.race([go.promise, off]);
        },
      },
    };
  }

  const asked = { ...day, format: 'parquet' };

  it('run one after another; ten wait, and the next is told to come back', async () => {
    const { analysis, begun, finish } = held();
    const home = await startExporting({ analysis });
    const first = (await (await home.ask('POST', '/exports', asked)).json()) as ExportJob;
    await begun;
    for (let n = 0; n < 10; n++)
      expect((await home.ask('POST', '/exports', asked)).status).toBe(202);
    expect((await home.ask('POST', '/exports', asked)).status).toBe(429);
    const { exports } = (await (await home.ask('GET', '/exports')).json()) as {
      exports: ExportJob[];
    };
    expect(exports.map(({ status }) => status)).toEqual([
      ...new Array(10).fill('waiting'),
      'running',
    ]);
    expect(exports.at(-1)?.id).toBe(first.id);
    finish();
    await home.exports.drained();
    expect(home.exports.list().map(({ status }) => status)).toEqual(new Array(11).fill('done'));
  });

  it('are called off while they wait and while they run, and leave nothing', async () => {
    const { analysis, begun } = held();
    const home = await startExporting({ analysis });
    const out = await home.folder();
    const one = (await (await home.ask('POST', '/exports', { ...asked, out })).json()) as ExportJob;
    await begun;
    const two = (await (await home.ask('POST', '/exports', asked)).json()) as ExportJob;
    for (const { id } of [two, one]) {
      const answer = (await (await home.ask('DELETE', `/exports/${id}`)).json()) as ExportJob;
      expect([answer.status, answer.problem]).toEqual(['cancelled', null]);
    }
    expect(readdirSync(out)).toEqual([]);
    expect(home.audit.map(({ outcome }) => outcome)).toEqual([
      'ok',
      'ok',
      'cancelled',
      'cancelled',
    ]);
  });

  it('end with the rights of whoever asked for them', async () => {
    const { analysis, begun } = held();
    const revoked = new Signal<{ kind: string; id: string }>('revoked', silentLog);
    const home = await startExporting({ analysis, onRevoked: revoked });
    const add = async (caller: Caller) =>
      (await (await home.ask('POST', '/exports', asked, caller)).json()) as ExportJob;
    const mine = await add(person('admin'));
    await begun;
    const others = await add(token);
    const waiting = await add(person('admin'));
    revoked.emit({ kind: 'token', id: 'admin' });
    revoked.emit({ kind: 'session', id: 's' });
    expect(home.exports.get(mine.id).status).toBe('running');
    revoked.emit({ kind: 'person', id: 'admin' });
    for (const { id } of [mine, waiting]) {
      await expect
        .poll(() => home.exports.get(id))
        .toMatchObject({ status: 'failed', problem: { code: 'forbidden' } });
    }
    await expect.poll(() => home.exports.get(others.id).status).toBe('running');
    const noted = home.audit.filter(({ actor }) => actor === 'hub');
    expect(noted.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled']);
  });

  it('give way while one large day is written, of which there is no word in between', async () => {
    const { analysis, begun } = held();
    let free = 2e9;
    const home = await startExporting({ analysis, freeBytes: 1e9, freeOn: async () => free });
    const { id } = (await (await home.ask('POST', '/exports', asked)).json()) as ExportJob;
    await begun;
    free = 9e8;
    await home.exports.drained();
    expect(home.exports.get(id)).toMatchObject({
      status: 'failed',
      problem: { code: 'storage_full' },
    });
  });

  it('do not take the room that the hub wants left free on its disk', async () => {
    const home = await startExporting({ freeBytes: Number.MAX_SAFE_INTEGER });
    const job = await home.run(asked);
    expect(job).toMatchObject({ status: 'failed', problem: { code: 'storage_full' } });
    expect(readdirSync(join(home.directory, 'exports'))).toEqual(['jobs.json']);
  });

  it('leave nothing half-written when their process is killed, and what was there before stays', async () => {
    const home = await startExporting();
    await fill(home);
    const out = await home.folder();
    await home.run({ ...asked, out });
    const before = await readFile(join(out, '_manifest.json'), 'utf8');
    const stopped = new Analysis({
      clock: home.exports.clock,
      log: silentLog,
      directory: join(home.directory, 'other-analysis'),
    });
    const killing = await startExporting({
      analysis: {
        // As the system does when there is no memory left: in the middle of it.
        run: (job, options) =>
          stopped.run(job, { ...options, onProgress: () => void stopped.stop() }),
      },
    });
    await fill(killing);
    const job = await killing.run({ ...asked, start: '2025-01-01T00:00:00Z', out });
    expect(job).toMatchObject({ status: 'failed', problem: { code: 'unavailable' } });
    expect(await readFile(join(out, '_manifest.json'), 'utf8')).toBe(before);
    expect(existsSync(join(out, '_unfinished'))).toBe(false);
  });

  it('that were under way when the hub ended are told of as interrupted', async () => {
    const { analysis, begun } = held();
    const directory = await temporaryDirectory();
    const home = await startExporting({ analysis, directory });
    await home.ask('POST', '/exports', asked);
    await begun;
    await home.exports.stop();
    const job = home.exports.list()[0];
    expect(job).toMatchObject({
      status: 'failed',
      problem: { message: 'interrupted: the hub was stopped' },
    });
    expect(readdirSync(join(directory, 'exports'))).toEqual(['jobs.json']);
  });

  it('that a power cut ended are so too, after the next start', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'exports', 'half'), { recursive: true });
    const { analysis } = held();
    const home = await startExporting({ analysis, directory });
    const out = await home.folder();
    await home.ask('POST', '/exports', { ...asked, out });
    const kept = await readFile(join(directory, 'exports', 'jobs.json'), 'utf8');
    await home.exports.stop();
    await writeFile(join(directory, 'exports', 'jobs.json'), kept);
    await mkdir(join(out, '_unfinished'));
    await home.exports.start();
    expect(home.exports.list()).toMatchObject([{ status: 'failed', destination: out }]);
    expect([readdirSync(out), readdirSync(join(directory, 'exports'))]).toEqual([
      [],
      ['jobs.json'],
    ]);
  });

  it('of long ago are forgotten: fifty are kept', async () => {
    const { analysis, finish } = held();
    finish();
    const home = await startExporting({ analysis });
    const first = await home.run(asked);
    for (let n = 0; n < 50; n++) await home.run(asked);
    expect(home.exports.list()).toHaveLength(50);
    expect(existsSync(join(home.directory, 'exports', first.id))).toBe(false);
  });
});

type Row = Record<string, unknown>;

const jsonRows = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

/** CSV without quotes in it, read by the types of the columns. */
function csvRows(text: string): Row[] {
  const [head = '', ...lines] = text.trimEnd().split('\r\n');
  const names = head.split(',');
  const unquoted = new Set(['device_id', 'timestamp']);
  return lines.map((line) =>
    Object.fromEntries(
      line.split(',').map((cell, at) => {
        const name = names[at] ?? '';
        return [name, cell === '' ? null : unquoted.has(name) ? cell : JSON.parse(cell)];
      }),
    ),
  );
}
