import type { Cancel, Clock } from '#kernel';

interface Timer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it, firing the timers it passes, in order. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, action: () => void): Cancel {
    return this.#add({ dueMs: this.#monotonicMs + delayMs, periodMs: undefined, action });
  }

  every(periodMs: number, action: () => void): Cancel {
    return this.#add({ dueMs: this.#monotonicMs + periodMs, periodMs, action });
  }

  /** Lets `durationMs` pass. */
  advance(durationMs: number): void {
    const endMs = this.#monotonicMs + durationMs;
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#moveTo(next.dueMs);
      if (next.periodMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.periodMs;
      next.action();
    }
    this.#moveTo(endMs);
  }

  /** Steps the wall clock, as a time server or a dead battery does; no timer notices. */
  step(toMs: number): void {
    this.#wallMs = toMs;
  }

  #add(timer: Timer): Cancel {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}
