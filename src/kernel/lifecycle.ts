import type { Log } from './log.ts';

/** Something with a beginning and an end. Constructors only assign; these act. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts parts in order and stops them in reverse. When one fails to start, those before it are
 * stopped again, so that a failed start leaves nothing behind.
 */
export class Lifecycle {
  readonly #log: Log;
  readonly #started: Part[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  async start(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      try {
        await part.start();
        this.#started.push(part);
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  async stop(): Promise<void> {
    for (let part = this.#started.pop(); part; part = this.#started.pop()) {
      try {
        await part.stop();
      } catch (error) {
        this.#log.error({ part: part.name, err: error }, 'a part did not stop cleanly');
      }
    }
  }
}
