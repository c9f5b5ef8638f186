import type { Cancel, Clock } from './clock.ts';
import type { Log } from './log.ts';

const dayMs = 86_400_000;
const pauseMs = 1000;

export interface DailySweepOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Removes some of what is too old; answers whether there is more. */
  readonly sweep: () => boolean;
  /** What the log says when it throws. */
  readonly complaint: string;
}

/** Takes away what is past its time: at the start and daily, in batches that hold up nothing. */
export class DailySweep {
  readonly #options: DailySweepOptions;
  #daily: Cancel | undefined;
  #next: Cancel | undefined;

  constructor(options: DailySweepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#daily = this.#options.clock.every(dayMs, () => this.#sweep());
    this.#sweep();
  }

  stop(): void {
    this.#daily?.();
    this.#next?.();
  }

  #sweep(): void {
    const { clock, complaint, log, sweep } = this.#options;
    this.#next?.();
    this.#next = undefined;
    try {
      if (sweep()) this.#next = clock.after(pauseMs, () => this.#sweep());
    } catch (error) {
      log.error({ err: error }, complaint);
    }
  }
}
