import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Cancel, type Clock, HearthError, type Log, messageOf } from '#kernel';
import { errorOf, problemOf } from './problem.ts';
import type { FromProcess, ProcessStart, ToProcess } from './protocol.ts';

/** How whoever asked for a job hears of it. */
export interface RunOptions<Progress = unknown> {
  /** Ends the job when it is aborted. */
  readonly signal?: AbortSignal;
  /** How long it may take once it has begun; as long as it likes when not given. */
  readonly timeoutMs?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Answers what only the hub knows. */
  readonly onAsk?: (asked: unknown) => unknown;
}

interface Running {
  readonly id: number;
  readonly options: RunOptions;
  readonly settled: PromiseWithResolvers<unknown>;
}

export interface ChildParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly start: ProcessStart;
}

/** What is said of a process that wrote to its standard error before it ended. */
const longestLastWords = 2000;
/** V8's own memory; what readings take is DuckDB's. */
const heapMb = 96;
/** Flags of the hub that its processes need too: see docs/decisions/0006. */
const sharedFlags = ['--no-memory-protection-keys', '--disable-warning=ExperimentalWarning'];
const sharedVariables = ['NODE_COMPILE_CACHE', 'MALLOC_ARENA_MAX', 'LD_LIBRARY_PATH'];

/** One analysis process, from its start to its end, and the one job that it does at a time. */
export class Child {
  readonly #parts: ChildParts;
  readonly #process: ChildProcess;
  readonly #gone = Promise.withResolvers<void>();
  #running: Running | undefined;
  #lastId = 0;
  #lastWords = '';
  #hasEnded = false;
  #heldTooMuch = false;

  constructor(parts: ChildParts) {
    this.#parts = parts;
    const { directory } = parts.start;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#process = launch(parts.start);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-longestLastWords);
    });
    this.#process.on('message', (message) => this.#hear(message as FromProcess));
    this.#process.once('error', (error) => this.#ended(messageOf(error)));
    this.#process.once('exit', (code, signal) => this.#ended(signal ?? `exit code ${code}`));
  }

  /** Whether it can take another job. */
  get isAlive(): boolean {
    return !this.#hasEnded;
  }

  /** Once it has ended, and its folder with it. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Runs one job. Aborted, or out of time, the process is ended: nothing else stops for certain. */
  async run(verb: string, job: unknown, options: RunOptions): Promise<unknown> {
    const { signal, timeoutMs } = options;
    signal?.throwIfAborted();
    const settled = Promise.withResolvers<unknown>();
    const id = ++this.#lastId;
    this.#running = { id, options, settled };
    const endWith = (error: unknown): void => {
      settled.reject(error);
      this.end();
    };
    const abort = (): void => endWith(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    let cancel: Cancel = () => {};
    if (timeoutMs !== undefined) {
      cancel = this.#parts.clock.after(timeoutMs, () => endWith(outOfTime(timeoutMs)));
    }
    this.#tell({ kind: 'run', id, verb, job });
    try {
      return await settled.promise;
    } finally {
      cancel();
      signal?.removeEventListener('abort', abort);
      this.#running = undefined;
    }
  }

  /** Ends the process at once. */
  end(): void {
    this.#hasEnded = true;
    this.#process.kill('SIGKILL');
  }

  #hear(message: FromProcess): void {
    if (message.kind === 'too much') {
      this.#heldTooMuch = true;
      return;
    }
    const running = this.#running;
    // What is left of a job that was ended.
    if (running?.id !== message.id) return;
    switch (message.kind) {
      case 'progress':
        running.options.onProgress?.(message.progress);
        return;
      case 'ask':
        void this.#reply(message.question, message.asked, running.options);
        return;
      case 'done':
        running.settled.resolve(message.answer);
        return;
      case 'failed':
        running.settled.reject(errorOf(message.problem));
    }
  }

  async #reply(question: number, asked: unknown, { onAsk }: RunOptions): Promise<void> {
    try {
      if (onAsk === undefined) throw new Error('nobody answers this job');
      this.#tell({ kind: 'reply', question, answer: await onAsk(asked) });
    } catch (error) {
      this.#tell({ kind: 'no reply', question, problem: problemOf(error) });
    }
  }

  #tell(message: ToProcess): void {
    if (this.#hasEnded || !this.#process.connected) return;
    // A process that is gone meanwhile says so itself, by its end.
    this.#process.send(message, () => {});
  }

  /** What an ended process had put aside takes room, and may be what is sensitive, opened. */
  async #tidy(): Promise<void> {
    try {
      await rm(this.#parts.start.directory, { recursive: true, force: true });
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'what an analysis process left was not removed');
    }
    this.#gone.resolve();
  }

  #ended(how: string): void {
    this.#hasEnded = true;
    void this.#tidy();
    const running = this.#running;
    if (running === undefined) return;
    if (this.#heldTooMuch) {
      running.settled.reject(tooMuchMemory());
      return;
    }
    this.#parts.log.error({ how, said: this.#lastWords }, 'the analysis process ended');
    running.settled.reject(endedUnasked());
  }
}

function launch(start: ProcessStart): ChildProcess {
  const entry = new URL('./process.ts', import.meta.url).pathname;
  const flags = process.execArgv.filter((flag) => sharedFlags.includes(flag));
  return spawn(
    process.execPath,
    [...flags, `--max-old-space-size=${heapMb}`, entry, JSON.stringify(start)],
    {
      cwd: start.directory,
      // No setting and no secret of the hub.
      env: Object.fromEntries(
        sharedVariables.flatMap((name) => {
          const value = process.env[name];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    },
  );
}

const outOfTime = (timeoutMs: number): HearthError =>
  new HearthError('timed_out', `this took longer than ${timeoutMs / 1000} s, and was stopped`, {
    hint: 'Ask for less time, for fewer devices, or for sums (rollup_1h) instead of readings.',
  });

const tooMuchMemory = (): HearthError =>
  new HearthError('unprocessable', 'this took more memory than it may, and was stopped', {
    hint: 'Ask for less time, for fewer devices, or for sums (rollup_1h) instead of readings.',
  });

const endedUnasked = (): HearthError =>
  new HearthError('unavailable', 'the process that reads history ended unexpectedly', {
    hint: 'See hearth logs. The hub itself goes on; try again.',
    retryable: true,
    retryAfterSeconds: 1,
  });
