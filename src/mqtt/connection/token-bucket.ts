/**
 * Lets `perSecond` things through a second, and as many at once after a quiet second. It can be
 * overdrawn: what came with one read is taken in, and the next read waits for it.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #asOfMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#asOfMs = nowMs;
  }

  /** Takes `count` tokens; returns the milliseconds until the bucket is no longer overdrawn. */
  take(count: number, nowMs: number): number {
    const earned = ((nowMs - this.#asOfMs) * this.#perSecond) / 1000;
    this.#asOfMs = nowMs;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned) - count;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }
}
