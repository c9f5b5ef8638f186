import type { Clock } from '#kernel';

const mostAMinute = 5;
const minuteMs = 60_000;
const mostDevices = 1000;

/** How many stray answers of a device are shown: a few a minute are enough to see what is wrong. */
export class StrayShares {
  readonly #clock: Clock;
  readonly #shares = new Map<string, { readonly sinceMs: number; used: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether one more may be shown now; if so, it counts. */
  take(deviceId: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const share = this.#shares.get(deviceId);
    if (share !== undefined && nowMs - share.sinceMs < minuteMs) {
      share.used += 1;
      return share.used <= mostAMinute;
    }
    this.#shares.delete(deviceId);
    const [oldest] = this.#shares.keys();
    if (this.#shares.size >= mostDevices && oldest !== undefined) this.#shares.delete(oldest);
    this.#shares.set(deviceId, { sinceMs: nowMs, used: 1 });
    return true;
  }
}
