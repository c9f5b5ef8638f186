import type { Clock } from '#kernel';

const mostAddresses = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface RateLimitOptions {
  /** Requests a second that one address may keep up. */
  readonly perSecond: number;
  /** Requests it may send at once after a pause. */
  readonly burst: number;
}

/** A token bucket for each address. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  /** Oldest use first, so that a full table forgets whoever was quiet longest. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, { perSecond, burst }: RateLimitOptions) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes one request of `address`; returns the seconds to wait when it has had its share, else 0. */
  take(address: string): number {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#buckets.get(address) ?? { tokens: this.#burst, atMs: nowMs };
    const earned = ((nowMs - before.atMs) / 1000) * this.#perSecond;
    const tokens = Math.min(this.#burst, before.tokens + earned);
    const allowed = tokens >= 1;
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    if (this.#buckets.size > mostAddresses) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return allowed ? 0 : (1 - tokens) / this.#perSecond;
  }
}
