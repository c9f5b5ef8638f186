import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { localCaller } from '#auth';
import { progressLine } from '../../src/cli/export.ts';
import { CommandLine, listenOnSocket } from '../cli/command-line.ts';
import { parquetRows, startExporting } from './exporting.ts';
import { noonUs, secondUs, store } from './support.ts';

const span = ['--start', '2026-01-30T00:00Z', '--end', '2026-02-01T00:00Z'];

/** A command line in front of a hub with a few readings. */
async function start(options: Parameters<typeof startExporting>[0] = {}) {
  const line = await CommandLine.open();
  const home = await startExporting(options);
  await store(home.telemetry, 'plug', [
    { ts: noonUs - 86_400 * secondUs, power: 60.5 },
    { ts: noonUs - secondUs, power: 61 },
  ]);
  const seen = await listenOnSocket(line.directory, home.api(localCaller) as unknown as Hono);
  return { line, seen, ...home };
}

describe('hearth export', () => {
  it('writes to a folder beside whoever types, and says what', async () => {
    const { line } = await start();
    const code = await line.run('export', ...span, '--format', 'parquet', '--out', 'history');
    expect([code, line.errors.text]).toEqual([0, '']);
    const out = join(line.directory, 'history');
    expect(line.output.text).toMatch(new RegExp(`^${out}: 2 rows in 2 files, .*B\\.\n$`));
    expect(await parquetRows(join(out, 'date=2026-01-31', 'part-0.parquet'))).toMatchObject([
      { device_id: 'plug', power: 61 },
    ]);
  });

  it('passes on what is asked for', async () => {
    const { line, seen } = await start();
    await line.run(
      'export',
      ...span,
      ...['--format', 'csv', '--out', 'x', '--device', 'plug', '--device', 'fan'],
      ...['--field', 'power', '--interval', '1h', '--partition', 'none'],
    );
    expect(seen[0]).toEqual({
      method: 'POST',
      path: '/api/v1/exports',
      body: {
        start: '2026-01-30T00:00:00.000Z',
        end: '2026-02-01T00:00:00.000Z',
        format: 'csv',
        partition: 'none',
        devices: ['plug', 'fan'],
        fields: ['power'],
        interval: '1h',
        out: join(line.directory, 'x'),
      },
    });
  });

  it('fetches the files where the hub does not see the folder, as in a service of its own', async () => {
    const { line, exports, directory } = await start();
    const add = exports.add.bind(exports);
    exports.add = async (order, asked, by) => {
      // The hub looks for the folder in a /tmp of its own.
      if (order.destination !== null) await rm(order.destination, { recursive: true });
      const job = await add(order, asked, by);
      await mkdir(join(line.directory, 'history'), { recursive: true });
      return job;
    };
    const code = await line.run('export', ...span, '--format', 'jsonl', '--out', 'history');
    expect([code, line.errors.text]).toEqual([0, '']);
    const out = join(line.directory, 'history');
    expect(readdirSync(out).sort()).toEqual([
      '_manifest.json',
      'date=2026-01-30',
      'date=2026-01-31',
    ]);
    expect(await readFile(join(out, 'date=2026-01-31', 'part-0.jsonl'), 'utf8')).toContain(
      '"power":61',
    );
    expect([exports.list(), readdirSync(join(directory, 'exports'))]).toEqual([[], ['jobs.json']]);
  });

  it('writes nowhere else, whatever the hub says its files are called', async () => {
    const { line, exports } = await start();
    const add = exports.add.bind(exports);
    exports.add = async (order, asked, by) => {
      if (order.destination !== null) await rm(order.destination, { recursive: true });
      const job = await add(order, asked, by);
      await mkdir(join(line.directory, 'history'), { recursive: true });
      return job;
    };
    const get = exports.get.bind(exports);
    exports.get = (id) => {
      const job = get(id);
      return { ...job, files: job.files.map((file) => ({ ...file, name: '../../taken.csv' })) };
    };
    exports.download = async () => ({ stream: createReadStream('/etc/hostname'), bytes: 1 });
    const code = await line.run('export', ...span, '--format', 'csv', '--out', 'history');
    expect(code).not.toBe(0);
    expect(line.errors.text).toContain('no file of an export is called');
    expect(existsSync(join(line.directory, 'taken.csv'))).toBe(false);
  });

  it('leaves a folder of something else alone', async () => {
    const { line, seen } = await start();
    await mkdir(join(line.directory, 'mine'));
    await writeFile(join(line.directory, 'mine', 'thesis.txt'), 'x');
    const code = await line.run('export', ...span, '--out', 'mine');
    expect([code, seen]).toEqual([73, []]);
    expect(line.errors.text).toContain('holds something that is no export');
  });

  it.each([
    [['--out', 'x', '--s3', 's3://b/c'], '--out and --s3 are two places'],
    [[], 'where to is not said'],
    [['--s3', 's3://bucket/c'], 'no key is set up'],
    [['--out', 'x', '--device', 'ghost'], 'there is no device "ghost"'],
    [['--out', 'x', '--interval', '5'], '--interval is not a duration'],
  ])('says what is wrong: %j', async (words, message) => {
    const { line } = await start();
    const code = await line.run('export', ...span, ...words);
    expect(code).not.toBe(0);
    expect(line.errors.text).toContain(message);
  });

  it('leaves no folder behind when it is refused, and what was there as it was', async () => {
    const { line } = await start();
    await mkdir(join(line.directory, 'there'));
    for (const out of ['new/deep', 'there', 'there/new']) {
      expect(await line.run('export', ...span, '--out', out, '--device', 'ghost')).not.toBe(0);
    }
    expect(existsSync(join(line.directory, 'new'))).toBe(false);
    expect(readdirSync(join(line.directory, 'there'))).toEqual([]);
  });

  it('calls the job off when it is interrupted', async () => {
    const begun = Promise.withResolvers<void>();
    const { line, exports } = await start({
      analysis: {
        run: (_job, { signal }) => {
          begun.resolve();
          return new Promise((_, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason)),
          );
        },
      },
    });
    const running = line.run('export', ...span, '--out', 'history');
    await begun.promise;
    line.signals.emit('SIGINT');
    expect(await running).toBe(69);
    expect(line.errors.text).toContain('the export was called off');
    expect(exports.list().map(({ status }) => status)).toEqual(['cancelled']);
    expect(existsSync(join(line.directory, 'history', '_manifest.json'))).toBe(false);
  });

  it('ends with a failure when the job does', async () => {
    const { line } = await start({
      analysis: { run: () => Promise.reject(new Error('the disk is on fire')) },
    });
    expect(await line.run('export', ...span, '--out', 'history')).toBe(69);
    expect(line.errors.text).toContain('nothing was exported: the disk is on fire');
  });

  it('answers a program in JSON', async () => {
    const { line } = await start();
    await line.run('--json', 'export', ...span, '--out', 'history');
    expect(JSON.parse(line.output.text)).toMatchObject({
      status: 'done',
      destination: join(line.directory, 'history'),
      progress: { rows: 2 },
    });
  });

  it('shows on a terminal how far it is', () => {
    const progress = { days_done: 3, days: 31, rows: 4500, bytes: 123_456 };
    const job = { status: 'running', progress } as Parameters<typeof progressLine>[0];
    expect(progressLine(job)).toBe('3 of 31 days  4500 rows  123 kB');
  });
});
