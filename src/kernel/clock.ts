/** A timer that can be called off; calling it off twice is harmless. */
export type Cancel = () => void;

/**
 * Where a hub gets its time from. Everything that reads a clock or waits takes one of these, so
 * that a test can step it by hand and a power cut at 03:00 can be lived through in a millisecond.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970-01-01T00:00:00Z. Can step in either direction. */
  nowMs(): number;
  /** Time that only moves forward, in milliseconds from an arbitrary start. Durations use this. */
  monotonicMs(): number;
  /** Calls `action` once, `delayMs` from now. */
  after(delayMs: number, action: () => void): Cancel;
  /** Calls `action` every `periodMs` until it is called off. */
  every(periodMs: number, action: () => void): Cancel;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, action) {
    const timer = setInterval(action, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
