import type { Cancel, Clock } from '#kernel';
import { ManualClock } from './clock.ts';

const lookEveryMs = 2;
const stepMs = 5000;

/** A clock that runs, and that a test can make leap: half a minute of waiting is lived in no time. */
export class RunningClock implements Clock {
  readonly #clock: ManualClock;
  readonly #timer: ReturnType<typeof setInterval>;
  #seenMs = performance.now();

  constructor(startMs: number) {
    this.#clock = new ManualClock(startMs);
    this.#timer = setInterval(() => this.#catchUp(), lookEveryMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whole milliseconds, as every wall clock gives them. */
  nowMs(): number {
    return Math.floor(this.#clock.nowMs());
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delayMs: number, action: () => void): Cancel {
    return this.#clock.after(delayMs, action);
  }

  every(periodMs: number, action: () => void): Cancel {
    return this.#clock.every(periodMs, action);
  }

  /** Lets `durationMs` pass at once. */
  advance(durationMs: number): void {
    this.#clock.advance(durationMs);
  }

  /** As `advance`, for long: sockets have their turn in between, and are not taken for dead. */
  async pass(durationMs: number): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
      this.#clock.advance(Math.min(stepMs, leftMs));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Sets the wall clock; no timer notices. */
  step(toMs: number): void {
    this.#clock.step(toMs);
  }

  #catchUp(): void {
    const nowMs = performance.now();
    this.#clock.advance(nowMs - this.#seenMs);
    this.#seenMs = nowMs;
  }
}
