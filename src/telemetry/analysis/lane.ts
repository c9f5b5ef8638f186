import { type Cancel, HearthError } from '#kernel';
import { Child, type ChildParts, type RunOptions } from './child.ts';

/** Jobs that may wait while one runs. */
const mostWaiting = 16;
/** A process without work is kept this long: the next statement begins at once. */
const idleMs = 60_000;

/** The jobs of one purpose, one after another, in a process that is there while there is work. */
export class Lane {
  readonly #parts: ChildParts;
  #child: Child | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #unfinished = 0;
  #cancelEnd: Cancel = () => {};
  #isStopping = false;

  constructor(parts: ChildParts) {
    this.#parts = parts;
  }

  /** Whether there is a process at the moment. */
  get isAwake(): boolean {
    return this.#child?.isAlive === true;
  }

  /** @throws HearthError `too_many_requests` when too many wait already. */
  async run(verb: string, job: unknown, options: RunOptions): Promise<unknown> {
    if (this.#isStopping) throw stopping();
    if (this.#unfinished > mostWaiting) throw busy();
    this.#cancelEnd();
    this.#unfinished++;
    const work = (): Promise<unknown> => this.#runNow(verb, job, options);
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    try {
      return await result;
    } finally {
      this.#unfinished--;
      if (this.#unfinished === 0) {
        this.#cancelEnd = this.#parts.clock.after(idleMs, () => this.#child?.end());
      }
    }
  }

  /** Ends what runs; what waits is refused. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelEnd();
    const child = this.#child;
    child?.end();
    await child?.gone;
    await this.#last;
  }

  async #runNow(verb: string, job: unknown, options: RunOptions): Promise<unknown> {
    options.signal?.throwIfAborted();
    if (this.#isStopping) throw stopping();
    // The folder is the next one's: the one before has let go of it.
    if (this.#child?.isAlive === false) await this.#child.gone;
    if (!this.isAwake) this.#child = new Child(this.#parts);
    return (this.#child as Child).run(verb, job, options);
  }
}

const busy = (): HearthError =>
  new HearthError('too_many_requests', `${mostWaiting} others wait for this already`, {
    hint: 'Wait until some of them are done.',
    retryable: true,
    retryAfterSeconds: 10,
  });

const stopping = (): HearthError => new HearthError('unavailable', 'the hub is stopping');
