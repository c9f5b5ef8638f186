import { type Clock, HearthError } from '#kernel';

interface ThrottleOptions {
  readonly clock: Clock;
  /** Tries before a wait. */
  readonly tries: number;
  /** The first wait; each further one is twice as long, up to `maxDelayMs`. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

interface Failures {
  readonly count: number;
  readonly lastMs: number;
  /** Monotonic time before which nothing is tried. */
  readonly blockedUntilMs: number;
}

/** Keys remembered at once; whoever has been quiet for longest is forgotten first. */
const maxKeys = 10_000;

/**
 * Makes guessing slow: after so many tries without success a key (an address, an account) has to
 * wait, each time twice as long. A try counts when it begins, so that a thousand at once are no way
 * around it. The wall clock has no say: a clock that is set does not let anyone in.
 */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #failures = new Map<string, Failures>();

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** @throws HearthError `too_many_requests` with the seconds to wait. */
  attempt(key: string): void {
    const { clock, tries, firstDelayMs, maxDelayMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.#failures.get(key);
    if (before && nowMs < before.blockedUntilMs) throw tooMany(before.blockedUntilMs - nowMs);
    // Quiet for as long as the longest wait: what came before is forgotten.
    const isFresh = before === undefined || nowMs - before.lastMs > firstDelayMs + maxDelayMs;
    const count = isFresh ? 1 : before.count + 1;
    const rounds = Math.floor(count / tries);
    const delayMs = Math.min(firstDelayMs * 2 ** (rounds - 1), maxDelayMs);
    const blockedUntilMs = count % tries === 0 ? nowMs + delayMs : nowMs;
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs, blockedUntilMs });
    this.#forgetOldest();
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  #forgetOldest(): void {
    if (this.#failures.size <= maxKeys) return;
    for (const key of this.#failures.keys()) {
      this.#failures.delete(key);
      return;
    }
  }
}

function tooMany(waitMs: number): HearthError {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new HearthError('too_many_requests', 'too many tries', {
    hint: `Wait ${retryAfterSeconds} seconds before the next one.`,
    retryable: true,
    retryAfterSeconds,
  });
}
