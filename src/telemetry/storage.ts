import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, HearthError, type Log, messageOf } from '#kernel';
import type { BatchSink } from './committer.ts';
import type {
  CommitMessage,
  FromWorker,
  QuestionName,
  Questions,
  ReadyMessage,
  StorageOptions,
  WorkerStart,
} from './worker/protocol.ts';

interface Waiting {
  resolve(answer: unknown): void;
  reject(reason: Error): void;
}

const restartMs = 1000;
const closeMs = 2500;

/**
 * The storage worker as the main thread sees it: commits and questions, each a promise. A worker
 * that dies fails what was under way and is started again, at most once a second; it then rebuilds
 * itself from disk.
 */
export class Storage implements BatchSink {
  readonly #options: StorageOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #highWaterSeq: () => number;
  readonly #onReady: (message: ReadyMessage) => void;
  #worker: Worker | undefined;
  #ready = false;
  /** Whether it has ever been ready: only then is a worker that ended started again. */
  #opened = false;
  #stopping = false;
  #lastId = 0;
  #waiting = new Map<number, Waiting>();
  #cancelRestart: Cancel = () => {};

  constructor(parts: {
    readonly options: StorageOptions;
    readonly clock: Clock;
    readonly log: Log;
    /** The newest sequence number known to be on disk. */
    readonly highWaterSeq: () => number;
    /** Called at the start, and again whenever the worker had to be started anew. */
    readonly onReady: (message: ReadyMessage) => void;
  }) {
    this.#options = parts.options;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#highWaterSeq = parts.highWaterSeq;
    this.#onReady = parts.onReady;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** @throws when the store cannot be opened. */
  async start(): Promise<void> {
    this.#stopping = false;
    await this.#launch();
  }

  /** Closes the store; a worker that takes longer than 2.5 s is ended, which loses nothing. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    const worker = this.#worker;
    if (worker === undefined) return;
    const late = Promise.withResolvers<void>();
    const cancel = this.#clock.after(closeMs, () => late.resolve());
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.ask('close', undefined).catch(() => late.resolve());
    this.#ready = false;
    this.#worker = undefined;
    // It leaves by itself. Ending it from here can abort the process inside DuckDB's binding, which
    // does not expect JavaScript to be taken away from it; so that is for a worker that hangs.
    await Promise.race([gone, late.promise.then(() => worker.terminate())]);
    cancel();
  }

  commit(message: Omit<CommitMessage, 'kind' | 'id'>): Promise<number> {
    return this.#send((id) => ({ ...message, kind: 'commit', id }), [message.buffer]);
  }

  /** Asks the worker; rejects with a HearthError when it cannot answer. */
  ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['question'],
  ): Promise<Questions[Name]['answer']> {
    return this.#send((id) => ({ kind: 'ask', id, name, question }));
  }

  #send<T>(message: (id: number) => object, transfer: ArrayBuffer[] = []): Promise<T> {
    const worker = this.#worker;
    if (worker === undefined || !this.#ready) return Promise.reject(notRunning());
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      worker.postMessage(message(id), transfer);
    });
  }

  #launch(): Promise<void> {
    const start: WorkerStart = {
      options: this.#options,
      highWaterSeq: this.#highWaterSeq(),
      nowUs: this.#clock.nowMs() * 1000,
    };
    const worker = new Worker(new URL('./worker/worker.ts', import.meta.url), {
      workerData: start,
      name: 'storage',
      // What a batch leaves behind is dead at once: room for more of it is only memory.
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    this.#worker = worker;
    const opened = Promise.withResolvers<void>();
    let failure: unknown;
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') {
        this.#ready = true;
        this.#opened = true;
        this.#onReady(message);
        opened.resolve();
      } else this.#hear(message);
    });
    worker.on('error', (error) => {
      failure = error;
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#ended(failure, opened);
    });
    return opened.promise;
  }

  #hear(message: Exclude<FromWorker, ReadyMessage>): void {
    if (message.kind === 'note') {
      this.#log[message.level](message.fields, message.text);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') {
      waiting?.resolve(message.answer);
      return;
    }
    const { code, hint, field, retryable } = message;
    waiting?.reject(
      new HearthError(code, message.message, {
        retryable,
        ...(hint === undefined ? {} : { hint }),
        ...(field === undefined ? {} : { field }),
      }),
    );
  }

  #ended(failure: unknown, opened: PromiseWithResolvers<void>): void {
    this.#worker = undefined;
    this.#ready = false;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const { reject } of waiting.values()) reject(notRunning(failure));
    if (this.#stopping) return;
    this.#log.error({ err: failure }, 'the storage worker ended');
    opened.reject(
      new HearthError('storage_failed', `telemetry cannot be opened: ${messageOf(failure)}`, {
        hint: 'Check the permissions and the disk of the data directory.',
        cause: failure,
      }),
    );
    if (!this.#opened) return;
    this.#cancelRestart = this.#clock.after(restartMs, () => {
      this.#launch().catch(() => {});
    });
  }
}

const notRunning = (cause?: unknown): HearthError =>
  new HearthError('unavailable', 'the storage worker is being started again', {
    hint: 'Try again in a moment.',
    retryable: true,
    retryAfterSeconds: 1,
    cause,
  });
