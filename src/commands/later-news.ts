import type { Cancel, Clock } from '#kernel';
import type { Live } from './roster.ts';

const laterMs = 10_000;

/** What is not worth telling each time it changes: told some seconds later, as it then is. */
export class LaterNews {
  readonly #clock: Clock;
  readonly #tell: (live: Live) => void;
  readonly #waiting = new Map<Live, Cancel>();

  constructor(clock: Clock, tell: (live: Live) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(live: Live): void {
    if (this.#waiting.has(live)) return;
    const cancel = this.#clock.after(laterMs, () => {
      this.#waiting.delete(live);
      this.#tell(live);
    });
    this.#waiting.set(live, cancel);
  }

  /** It is told of already, or gone. */
  forget(live: Live): void {
    this.#waiting.get(live)?.();
    this.#waiting.delete(live);
  }

  /** Ends all waits; returns what was waited with. */
  stop(): Live[] {
    const waiting = [...this.#waiting.keys()];
    for (const live of waiting) this.forget(live);
    return waiting;
  }
}
