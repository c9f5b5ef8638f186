import type { Clock } from '#kernel';

/** A wall clock that moves by more than this against the monotonic one was set. */
const stepMs = 60_000;
/** How long a clock must have run without being set to be believed against what is on disk. */
const believedAfterMs = 3_600_000;

/**
 * Watches whether the wall clock runs as the monotonic one does. What is lost for good when the
 * clock is wrong, such as readings past retention, waits until it has done so for an hour: time
 * servers have set a clock right by then.
 */
export class ClockWatch {
  readonly #clock: Clock;
  #offsetMs: number;
  #steadySinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.nowMs() - clock.monotonicMs();
    this.#steadySinceMs = clock.monotonicMs();
  }

  /** To be called every so often: a clock that was set and set back in between goes unnoticed. */
  look(): { readonly isSteady: boolean } {
    const monotonicMs = this.#clock.monotonicMs();
    const offsetMs = this.#clock.nowMs() - monotonicMs;
    if (Math.abs(offsetMs - this.#offsetMs) > stepMs) this.#steadySinceMs = monotonicMs;
    this.#offsetMs = offsetMs;
    return { isSteady: monotonicMs - this.#steadySinceMs >= believedAfterMs };
  }
}
