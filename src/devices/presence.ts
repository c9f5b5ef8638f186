import type { Cancel, Clock } from '#kernel';

/** Three heartbeats of 100 s missed: a device that only speaks HTTP is taken for gone. */
const silenceMs = 5 * 60_000;
const sweepEveryMs = 5000;

interface Signs {
  /** MQTT connections that are open now. */
  connections: number;
  /** When it said `offline` (by itself or by its will), if nothing since says otherwise; wall clock. */
  saidOfflineAtMs: number | undefined;
  /** Until when a heartbeat keeps it online without a connection; monotonic milliseconds. */
  aliveUntilMs: number;
  /** Wall clock; a reading received before it but committed after is no sign of life. */
  disconnectedAtMs: number;
  online: boolean;
}

/**
 * Who is online: connected over MQTT and not said to be offline, or heard from lately over HTTP.
 * Nothing of it is kept: after a restart a device is offline until it shows itself.
 */
export class Presence {
  readonly #clock: Clock;
  readonly #onTurn: (deviceId: string, online: boolean) => void;
  readonly #signs = new Map<string, Signs>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock, onTurn: (deviceId: string, online: boolean) => void) {
    this.#clock = clock;
    this.#onTurn = onTurn;
  }

  start(): void {
    this.#cancel = this.#clock.every(sweepEveryMs, () => {
      for (const [deviceId, signs] of this.#signs) this.#judge(deviceId, signs);
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  isOnline(deviceId: string): boolean {
    return this.#signs.get(deviceId)?.online ?? false;
  }

  connected(deviceId: string): void {
    this.#change(deviceId, (signs) => {
      signs.connections += 1;
      signs.saidOfflineAtMs = undefined;
    });
  }

  disconnected(deviceId: string): void {
    this.#change(deviceId, (signs) => {
      signs.connections = Math.max(0, signs.connections - 1);
      signs.aliveUntilMs = 0;
      signs.disconnectedAtMs = this.#clock.nowMs();
    });
  }

  /** A status message or a will said so. */
  said(deviceId: string, online: boolean): void {
    this.#change(deviceId, (signs) => {
      signs.saidOfflineAtMs = online ? undefined : this.#clock.nowMs();
      signs.aliveUntilMs = online ? this.#clock.monotonicMs() + silenceMs : 0;
    });
  }

  /** A heartbeat or a reading that was received at `receivedMs` (wall clock). */
  heard(deviceId: string, receivedMs: number): void {
    this.#change(deviceId, (signs) => {
      // The will of an old connection may arrive after the device is back: what it sends then counts.
      if (signs.saidOfflineAtMs !== undefined && receivedMs <= signs.saidOfflineAtMs) return;
      signs.saidOfflineAtMs = undefined;
      if (signs.connections > 0 || receivedMs <= signs.disconnectedAtMs) return;
      signs.aliveUntilMs = this.#clock.monotonicMs() + silenceMs;
    });
  }

  forget(deviceId: string): void {
    this.#signs.delete(deviceId);
  }

  #change(deviceId: string, change: (signs: Signs) => void): void {
    let signs = this.#signs.get(deviceId);
    if (signs === undefined) {
      signs = {
        connections: 0,
        saidOfflineAtMs: undefined,
        aliveUntilMs: 0,
        disconnectedAtMs: Number.NEGATIVE_INFINITY,
        online: false,
      };
      this.#signs.set(deviceId, signs);
    }
    change(signs);
    this.#judge(deviceId, signs);
  }

  #judge(deviceId: string, signs: Signs): void {
    const alive = signs.connections > 0 || signs.aliveUntilMs > this.#clock.monotonicMs();
    const online = alive && signs.saidOfflineAtMs === undefined;
    if (online === signs.online) return;
    signs.online = online;
    this.#onTurn(deviceId, online);
  }
}
