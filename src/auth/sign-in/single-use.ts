import { type Clock, randomSecret } from '#kernel';

interface SingleUseOptions {
  readonly clock: Clock;
  readonly lifetimeMs: number;
  /** Kept for one owner, and in all; whoever asks for more loses the oldest. */
  readonly mostOfOne: number;
  readonly mostInAll: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly owner: string;
  readonly untilMs: number;
}

/**
 * Things to be taken out once, and soon: what a browser was asked and has to answer. An owner (an
 * address, a session) who asks for many pushes out its own first. A restart forgets them all.
 */
export class SingleUse<Value> {
  readonly #options: SingleUseOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: SingleUseOptions) {
    this.#options = options;
  }

  /** Returns the key that takes `value` out again: 256 random bits. */
  put(owner: string, value: Value): string {
    const { clock, lifetimeMs, mostOfOne, mostInAll } = this.#options;
    this.#forgetEnded();
    const own = [...this.#entries].filter(([, entry]) => entry.owner === owner);
    for (const [key] of own.slice(0, Math.max(0, own.length - mostOfOne + 1))) {
      this.#entries.delete(key);
    }
    for (const key of this.#entries.keys()) {
      if (this.#entries.size < mostInAll) break;
      this.#entries.delete(key);
    }
    const key = randomSecret();
    this.#entries.set(key, { value, owner, untilMs: clock.monotonicMs() + lifetimeMs });
    return key;
  }

  take(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry && this.#options.clock.monotonicMs() < entry.untilMs ? entry.value : undefined;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The oldest come first, as all last equally long. */
  #forgetEnded(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, { untilMs }] of this.#entries) {
      if (nowMs < untilMs) return;
      this.#entries.delete(key);
    }
  }
}
