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
    this.check(key);
    this.count(key);
  }

  /** As `attempt`, without counting. */
  check(key: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    const waitMs = (this.#failures.get(key)?.blockedUntilMs ?? 0) - nowMs;
    if (waitMs > 0) throw tooMany(waitMs);
  }

  /** Counts a try that nobody asked about before it was made. */
  count(key: string): void {
    const { clock, tries, firstDelayMs, maxDelayMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.#failures.get(key);
    // Quiet for as long as the longest wait: what came before is forgotten.
    const isFresh = before === undefined || nowMs - before.lastMs > firstDelayMs + maxDelayMs;
    const count = isFresh ? 1 : before.count + 1;
    const rounds = Math.floor(count / tries);
    const delayMs = Math.min(firstDelayMs * 2 ** (rounds - 1), maxDelayMs);
    const blockedUntilMs = count % tries === 0 ? nowMs + delayMs : (before?.blockedUntilMs ?? 0);
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs, blockedUntilMs });
    this.#forgetOldest();
  }

  /** Forgets a key. Returns how many tries it had made. */
  succeeded(key: string): number {
    const count = this.#failures.get(key)?.count ?? 0;
    this.#failures.delete(key);
    return count;
  }

  /**
   * Takes so many tries of a key back, and with them a wait that would not be without them. All others
   * of the same key stay.
   */
  takeBack(key: string, tries: number): void {
    const before = this.#failures.get(key);
    if (before === undefined) return;
    const count = before.count - tries;
    const rounds = (of: number) => Math.floor(of / this.#options.tries);
    const isLifted = rounds(count) < rounds(before.count);
    if (count <= 0) this.#failures.delete(key);
    else this.#failures.set(key, { ...before, count, ...(isLifted && { blockedUntilMs: 0 }) });
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
