import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { HearthError, silentLog } from '#kernel';
import { Analysis } from '../../src/telemetry/analysis/analysis.ts';
import type { RunOptions } from '../../src/telemetry/analysis/child.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonMs } from './support.ts';

/** Takes for ever, and no memory. */
const endless = 'select sum(a.range * b.range) from range(10000000) a, range(10000000) b';

async function start() {
  const clock = new ManualClock(noonMs);
  const directory = join(await temporaryDirectory(), 'analysis');
  const analysis = new Analysis({ clock, log: silentLog, directory });
  onTestFinished(() => analysis.stop());
  const job = { verb: 'sql', limit: 10, mostBytes: 10_000, timeZone: 'UTC' } as const;
  const run = (sql: string, options: RunOptions<never> = {}) =>
    analysis.run({ ...job, sql }, { onAsk: () => ({}), ...options });
  /** Begins a statement; resolves when its process works on it. */
  const begin = async (sql: string, options: RunOptions<never> = {}) => {
    const begun = Promise.withResolvers<void>();
    const onAsk = () => {
      begun.resolve();
      return {};
    };
    const answer = run(sql, { ...options, onAsk });
    answer.catch(() => {});
    await begun.promise;
    return { answer };
  };
  return { analysis, clock, directory, run, begin };
}

/** The processes that work in a directory. */
const processesOf = (directory: string): string[] =>
  readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(directory);
    } catch {
      return false;
    }
  });

it('is there while there is work, and for a minute after', async () => {
  const { analysis, clock, directory, run } = await start();
  expect(analysis.isAwake('sql')).toBe(false);
  expect((await run('select 41 + 1')).rows).toBe('[[42]]');
  const [process, ...others] = processesOf(directory);
  expect(others).toEqual([]);
  clock.advance(59_000);
  expect((await run('select 1')).rows).toBe('[[1]]');
  expect(processesOf(directory)).toEqual([process]);
  clock.advance(59_000);
  expect(analysis.isAwake('sql')).toBe(true);
  clock.advance(1000);
  expect(analysis.isAwake('sql')).toBe(false);
  await expect.poll(() => processesOf(directory)).toEqual([]);
  expect((await run('select 2')).rows).toBe('[[2]]');
});

it('stops what takes too long, and goes on with the next', async () => {
  const { clock, directory, run, begin } = await start();
  const { answer } = await begin(endless, { timeoutMs: 30_000 });
  const waiting = run('select 1');
  clock.advance(29_999);
  expect(processesOf(directory)).toHaveLength(1);
  clock.advance(1);
  await expect(answer).rejects.toMatchObject({ code: 'timed_out' });
  expect((await waiting).rows).toBe('[[1]]');
});

it('stops when nobody waits for it any more', async () => {
  const { directory, begin } = await start();
  const abort = new AbortController();
  const { answer } = await begin(endless, { signal: abort.signal });
  const reason = new HearthError('gone', 'whoever asked has left');
  abort.abort(reason);
  await expect(answer).rejects.toBe(reason);
  await expect.poll(() => processesOf(directory)).toEqual([]);
});

it.each([
  [
    'its memory',
    "select count(distinct a.range::varchar || repeat('x', 100) || b.range) from range(1000000) a, range(1000) b",
  ],
  ['one huge value', "select length(string_agg(repeat('x', 1000000), '')) from range(100000)"],
  ['a huge list', 'select len(list(range)) from range(1000000000)'],
])('stops what takes more than it may: %s', { timeout: 60_000 }, async (_, sql) => {
  const { run } = await start();
  await expect(run(sql)).rejects.toMatchObject({ code: 'unprocessable' });
  expect((await run('select 1')).rows).toBe('[[1]]');
});

it('leaves nothing of what it had put aside, however it ends', async () => {
  const { analysis, directory, begin } = await start();
  const abort = new AbortController();
  const { answer } = await begin(endless, { signal: abort.signal });
  const folder = join(directory, 'sql', 'job');
  writeFileSync(join(folder, 'spill.tmp'), 'what was opened');
  abort.abort(new HearthError('gone', 'whoever asked has left'));
  await expect(answer).rejects.toMatchObject({ code: 'gone' });
  await expect.poll(() => existsSync(join(directory, 'sql'))).toBe(false);
  // A power cut took the process along, and the hub.
  mkdirSync(folder, { recursive: true });
  await analysis.start();
  expect(existsSync(directory)).toBe(false);
});

it('survives the loss of its process', async () => {
  const { directory, run, begin } = await start();
  const { answer } = await begin(endless);
  const [id] = processesOf(directory);
  process.kill(Number(id), 'SIGSEGV');
  await expect(answer).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  expect((await run('select 1')).rows).toBe('[[1]]');
});

it('lets a bounded number wait', async () => {
  const { analysis, run, begin } = await start();
  const { answer } = await begin(endless);
  const waiting = Array.from({ length: 16 }, () => run('select 1'));
  const all = Promise.allSettled(waiting);
  await expect(run('select 1')).rejects.toMatchObject({ code: 'too_many_requests' });
  await analysis.stop();
  await expect(answer).rejects.toMatchObject({ code: 'unavailable' });
  expect((await all).every(({ status }) => status === 'rejected')).toBe(true);
});

it('passes on what the hub cannot tell', async () => {
  const { run } = await start();
  const refusal = new HearthError('storage_full', 'the disk is full', { hint: 'Make room.' });
  const onAsk = () => Promise.reject(refusal);
  await expect(run('select 1', { onAsk })).rejects.toMatchObject({
    code: 'storage_full',
    message: 'the disk is full',
    hint: 'Make room.',
  });
});

it('is told nothing of the hub: no settings, no secrets', async () => {
  process.env.HEARTH_TEST_SECRET = 'what-nobody-may-read';
  onTestFinished(() => {
    delete process.env.HEARTH_TEST_SECRET;
  });
  const { directory, begin } = await start();
  const { answer } = await begin(endless);
  const [id] = processesOf(directory);
  const environment = readFileSync(`/proc/${id}/environ`, 'utf8');
  expect(environment.split('\0').map((line) => line.split('=')[0])).not.toContain('PATH');
  expect(environment).not.toContain('what-nobody-may-read');
  process.kill(Number(id), 'SIGKILL');
  await expect(answer).rejects.toThrow();
});

it('leaves nothing behind on the disk', async () => {
  const { analysis, directory, run } = await start();
  await run('select count(*) from (select range, random() as r from range(3000000) order by r)');
  expect(existsSync(join(directory, 'sql', 'job'))).toBe(false);
  await analysis.stop();
});
