import type { Cancel, Clock } from '#kernel';
import { TokenBucket } from '../connection/token-bucket.ts';
import type { Counters } from '../counters.ts';
import { type BrokerLimits, policy } from '../limits.ts';

/** One network connection on its way in. */
export interface Entrance {
  /** The client is connected: another may begin its handshake. */
  connected(): void;
  /** The connection is gone. Calling it twice is harmless. */
  leave(): void;
}

type Begin = (entrance: Entrance) => void;

interface Entrant {
  readonly begin: Begin;
  stage: 'waiting' | 'handshake' | 'connected' | 'gone';
}

/**
 * Decides how many connections there are and how fast new ones begin. Beyond the rate they wait, in
 * order: when the power comes back and every device connects at once, each has its turn.
 */
export class Admission {
  readonly #limits: BrokerLimits;
  readonly #counters: Counters;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #waiting: Entrant[] = [];
  #present = 0;
  #handshakes = 0;
  #cancelTimer: Cancel | undefined;

  constructor(limits: BrokerLimits, counters: Counters, clock: Clock) {
    this.#limits = limits;
    this.#counters = counters;
    this.#clock = clock;
    this.#bucket = new TokenBucket(limits.connectsPerSecond, clock.monotonicMs());
  }

  get handshakes(): number {
    return this.#handshakes + this.#waiting.length;
  }

  /** Calls `begin` when it is this connection's turn, maybe at once; false when the house is full. */
  enter(begin: Begin): boolean {
    if (this.#present >= this.#limits.connections) {
      this.#counters.connectsOverLimit += 1;
      return false;
    }
    this.#present += 1;
    this.#waiting.push({ begin, stage: 'waiting' });
    this.#admit();
    return true;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#waiting = [];
  }

  #move(entrant: Entrant, stage: 'connected' | 'gone'): void {
    if (entrant.stage === 'gone' || entrant.stage === stage) return;
    if (entrant.stage === 'handshake') this.#handshakes -= 1;
    if (stage === 'gone') this.#present -= 1;
    entrant.stage = stage;
    this.#admit();
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#handshakes < policy.handshakes) {
      if (this.#cancelTimer !== undefined) return;
      const overdrawnMs = this.#bucket.take(1, this.#clock.monotonicMs());
      if (overdrawnMs > 0) {
        this.#cancelTimer = this.#clock.after(overdrawnMs, () => {
          this.#cancelTimer = undefined;
          this.#begin();
          this.#admit();
        });
        return;
      }
      this.#begin();
    }
  }

  #begin(): void {
    const entrant = this.#waiting.shift();
    if (entrant === undefined) return;
    entrant.stage = 'handshake';
    this.#handshakes += 1;
    entrant.begin({
      connected: () => this.#move(entrant, 'connected'),
      leave: () => this.#move(entrant, 'gone'),
    });
  }
}
