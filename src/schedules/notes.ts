import type { Cancel, Clock, Log } from '#kernel';

export interface NotesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Writes down how things stand with these devices, in one transaction. */
  readonly write: (deviceIds: readonly string[]) => void;
}

const writeWithinMs = 50;
const retryAfterMs = 1000;

/**
 * Whose holdings changed and are to be written down: together, for many devices answer, or do not,
 * in the same moment. What is lost with the hub meanwhile is learnt again from the commands.
 */
export class Notes {
  readonly #options: NotesOptions;
  readonly #noted = new Set<string>();
  #cancel: Cancel | undefined;

  constructor(options: NotesOptions) {
    this.#options = options;
  }

  add(deviceId: string): void {
    this.#noted.add(deviceId);
    this.#arm(writeWithinMs);
  }

  /** Writes now what was noted; what cannot be written is kept and tried again. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#noted.size === 0) return;
    const { write, log } = this.#options;
    try {
      write([...this.#noted]);
      this.#noted.clear();
    } catch (error) {
      log.error(
        { err: error, devices: this.#noted.size },
        'what devices took was not written down',
      );
      this.#arm(retryAfterMs);
    }
  }

  stop(): void {
    this.flush();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delayMs: number): void {
    this.#cancel ??= this.#options.clock.after(delayMs, () => this.flush());
  }
}
