import type { Clock } from '#kernel';

interface RecentOptions {
  readonly clock: Clock;
  readonly lifetimeMs: number;
  readonly maxEntries: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

/** Remembers answers for a short while, and only so many of them; the oldest go first. */
export class Recent<Value> {
  readonly #options: RecentOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: RecentOptions) {
    this.#options = options;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#options.clock.monotonicMs() < entry.untilMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: Value): void {
    const { clock, lifetimeMs, maxEntries } = this.#options;
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: clock.monotonicMs() + lifetimeMs });
    if (this.#entries.size <= maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
