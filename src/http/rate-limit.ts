import type { Clock } from '#kernel';

const mostKeys = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface RateLimitOptions {
  /** What it is that has a share, in a word: `address`. */
  readonly name: string;
  /** Requests a second that one of them may keep up. */
  readonly perSecond: number;
  /** Requests it may send at once after a pause. */
  readonly burst: number;
}

/** What one request left of a share. */
export interface Share {
  /** Seconds to wait when the share was used up; 0 when the request may pass. */
  readonly waitSeconds: number;
  /** Requests that may still be sent at once. */
  readonly remaining: number;
  /** Seconds until the share is whole again. */
  readonly resetSeconds: number;
}

/** A token bucket for each key: an address, a person, a token, a device. */
export class RateLimit {
  readonly name: string;
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  /** Oldest use first, so that a full table forgets whoever was quiet longest. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, { name, perSecond, burst }: RateLimitOptions) {
    this.name = name;
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Its rule as `RateLimit-Policy` spells it: so many in so many seconds. */
  get policy(): string {
    return `"${this.name}";q=${this.#burst};w=${Math.ceil(this.#burst / this.#perSecond)}`;
  }

  /** Takes one request of `key`. */
  take(key: string): Share {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#buckets.get(key) ?? { tokens: this.#burst, atMs: nowMs };
    const earned = ((nowMs - before.atMs) / 1000) * this.#perSecond;
    const tokens = Math.min(this.#burst, before.tokens + earned);
    const isAllowed = tokens >= 1;
    const left = isAllowed ? tokens - 1 : tokens;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: left, atMs: nowMs });
    if (this.#buckets.size > mostKeys) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return {
      waitSeconds: isAllowed ? 0 : (1 - tokens) / this.#perSecond,
      remaining: Math.floor(left),
      resetSeconds: Math.ceil((this.#burst - left) / this.#perSecond),
    };
  }
}
