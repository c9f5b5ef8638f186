import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from './database.ts';
import { errorOf, problemOf } from './problem.ts';
import type { FromProcess, ProcessStart, ToProcess } from './protocol.ts';
import { verbs } from './verbs.ts';
import type { Work } from './work.ts';

/**
 * The process beside the hub: it has a DuckDB of its own, so that no statement and no export, however
 * badly it goes, takes a reading or the hub along. It runs one job at a time.
 */

const start = JSON.parse(process.argv[2] ?? '') as ProcessStart;
const folder = join(start.directory, 'job');
const lookEveryMs = 100;

const questions = new Map<number, PromiseWithResolvers<unknown>>();
let lastQuestion = 0;

standBack();
// The hub is gone: whatever this is in the middle of, nobody waits for it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message: ToProcess) => {
  if (message.kind === 'run') void run(message);
  else hear(message);
});
setInterval(watchMemory, lookEveryMs);

async function run({ id, verb, job }: Extract<ToProcess, { kind: 'run' }>): Promise<void> {
  const open: Database[] = [];
  try {
    const load = Object.hasOwn(verbs, verb) ? verbs[verb as keyof typeof verbs] : undefined;
    if (load === undefined) throw new Error(`there is no job "${verb}"`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const act = (await load()) as (job: unknown, work: Work) => Promise<unknown>;
    const answer = await act(job, workOf(id, open));
    closeAll(open);
    tell({ kind: 'done', id, answer });
  } catch (error) {
    closeAll(open);
    tell({ kind: 'failed', id, problem: problemOf(error) });
  }
}

const workOf = (id: number, opened: Database[]): Work => ({
  directory: folder,
  open: async (access) => {
    const database = await openDatabase(join(folder, `duckdb-${opened.length}`), access);
    opened.push(database);
    return database;
  },
  progress: (progress) => tell({ kind: 'progress', id, progress }),
  ask: (asked) => {
    const question = ++lastQuestion;
    const waiting = Promise.withResolvers<unknown>();
    questions.set(question, waiting);
    tell({ kind: 'ask', id, question, asked });
    return waiting.promise;
  },
});

function hear(message: Exclude<ToProcess, { kind: 'run' }>): void {
  const waiting = questions.get(message.question);
  questions.delete(message.question);
  if (message.kind === 'reply') waiting?.resolve(message.answer);
  else waiting?.reject(errorOf(message.problem));
}

function closeAll(databases: readonly Database[]): void {
  for (const database of databases) database.close();
  rmSync(folder, { recursive: true, force: true });
}

function tell(message: FromProcess, sent?: () => void): void {
  if (process.connected) process.send?.(message, undefined, {}, sent);
}

/** Lets the hub go first: when the processor is busy, and when the machine has no memory left. */
function standBack(): void {
  try {
    setPriority(10);
    writeFileSync('/proc/self/oom_score_adj', '800');
  } catch {
    // Not every system has these.
  }
}

/** DuckDB does not count everything that it holds. */
function watchMemory(): void {
  if (process.memoryUsage.rss() <= start.mostBytes) return;
  tell({ kind: 'too much' }, () => process.kill(process.pid, 'SIGKILL'));
}
