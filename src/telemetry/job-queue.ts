/** Exports and imports, each in a line of its own: one job at a time, those behind it wait in order. */
export class JobQueue {
  readonly #waiting: {
    readonly id: string;
    readonly run: (signal: AbortSignal) => Promise<void>;
  }[] = [];
  #running:
    | { readonly id: string; readonly stop: AbortController; readonly end: Promise<void> }
    | undefined;
  #isStopping = false;

  /** How many wait for the one that runs. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs it when its turn comes; `run` never rejects. */
  add(id: string, run: (signal: AbortSignal) => Promise<void>): void {
    this.#waiting.push({ id, run });
    this.#next();
  }

  /** Takes one out that waits, or stops the one that runs; resolves once it has ended. */
  async remove(id: string, reason: Error): Promise<'waited' | 'ran' | 'unknown'> {
    const at = this.#waiting.findIndex((one) => one.id === id);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      return 'waited';
    }
    const running = this.#running;
    if (running?.id !== id) return 'unknown';
    running.stop.abort(reason);
    await running.end;
    return 'ran';
  }

  /** Once everything that was added so far has ended. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running.end;
  }

  /** Stops the one that runs; the others do not begin. */
  async stop(reason: Error): Promise<void> {
    this.#isStopping = true;
    this.#waiting.length = 0;
    this.#running?.stop.abort(reason);
    await this.#running?.end;
  }

  #next(): void {
    if (this.#running !== undefined || this.#isStopping) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const stop = new AbortController();
    const end = next.run(stop.signal).finally(() => {
      this.#running = undefined;
      this.#next();
    });
    this.#running = { id: next.id, stop, end };
  }
}
