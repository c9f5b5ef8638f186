/**
 * A token bucket: `perSecond` messages a second on average, one second's worth at once. Its time is
 * handed in, so that it costs no clock call and no timer.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #filledMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledMs = nowMs;
  }

  /** Takes one token; `false` when there is none. `nowMs` is monotonic. */
  take(nowMs: number): boolean {
    this.#tokens += ((nowMs - this.#filledMs) * this.#perSecond) / 1000;
    this.#filledMs = nowMs;
    if (this.#tokens > this.#perSecond) this.#tokens = this.#perSecond;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes `count` more for a message that turned out to hold many; the debt is paid off later. */
  owe(count: number): void {
    this.#tokens -= count;
  }
}
