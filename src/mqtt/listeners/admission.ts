import type { Cancel, Clock } from '#kernel';
import { TokenBucket } from '../connection/token-bucket.ts';
import type { Counters } from '../counters.ts';
import { type BrokerLimits, policy } from '../limits.ts';
import { Tally } from './tally.ts';

/** One network connection on its way in. */
export interface Entrance {
  /** The client is connected: another may begin its handshake. */
  connected(): void;
  /** The connection is gone, in whatever stage it was. Calling it twice is harmless. */
  leave(): void;
}

/** Who asks to be let in. */
export interface Arrival {
  readonly remoteAddress: string;
  /** Its turn has come, maybe at once. */
  begin(entrance: Entrance): void;
  /** Its turn did not come in time. */
  giveUp(): void;
}

interface Entrant {
  readonly arrival: Arrival;
  readonly entrance: Entrance;
  readonly sinceMs: number;
  stage: 'waiting' | 'handshake' | 'connected' | 'gone';
}

/**
 * Decides how many connections there are and how fast new ones begin. Beyond the rate they wait, in
 * order: when the power comes back and every device connects at once, each has its turn. One address
 * has a share of the places where connections wait and shake hands, never all of them: whoever is at
 * its share is overtaken by the others.
 */
export class Admission {
  readonly #limits: BrokerLimits;
  readonly #counters: Counters;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  /** In the order in which they came. */
  readonly #waiting = new Set<Entrant>();
  readonly #waitingOf = new Tally();
  readonly #handshakesOf = new Tally();
  #present = 0;
  #admitting = false;
  #cancelTimer: Cancel | undefined;

  constructor(limits: BrokerLimits, counters: Counters, clock: Clock) {
    this.#limits = limits;
    this.#counters = counters;
    this.#clock = clock;
    this.#bucket = new TokenBucket(limits.connectsPerSecond, clock.monotonicMs());
  }

  get handshakes(): number {
    return this.#handshakesOf.total + this.#waiting.size;
  }

  /** Takes a place, which the entrance gives up again; `undefined` when there is none. */
  enter(arrival: Arrival): Entrance | undefined {
    const { connections } = this.#limits;
    const share = Math.ceil(connections * policy.waitingShare);
    if (this.#present >= connections || this.#waitingOf.of(arrival.remoteAddress) >= share) {
      this.#counters.connectsOverLimit += 1;
      return undefined;
    }
    const entrance: Entrance = {
      connected: () => this.#move(entrant, 'connected'),
      leave: () => this.#move(entrant, 'gone'),
    };
    const sinceMs = this.#clock.monotonicMs();
    const entrant: Entrant = { arrival, entrance, sinceMs, stage: 'waiting' };
    this.#present += 1;
    this.#waiting.add(entrant);
    this.#waitingOf.add(arrival.remoteAddress);
    this.#admit();
    return entrance;
  }

  /** Called about once a second: whoever has waited too long gives up. */
  sweep(nowMs: number): void {
    for (const entrant of [...this.#waiting]) {
      if (nowMs - entrant.sinceMs <= policy.waitTimeoutMs) return;
      this.#move(entrant, 'gone');
      entrant.arrival.giveUp();
    }
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#waiting.clear();
  }

  #move(entrant: Entrant, stage: 'handshake' | 'connected' | 'gone'): void {
    const before = entrant.stage;
    if (before === 'gone' || before === stage) return;
    const { remoteAddress } = entrant.arrival;
    if (before === 'waiting') {
      this.#waiting.delete(entrant);
      this.#waitingOf.remove(remoteAddress);
    }
    if (before === 'handshake') this.#handshakesOf.remove(remoteAddress);
    if (stage === 'handshake') this.#handshakesOf.add(remoteAddress);
    if (stage === 'gone') this.#present -= 1;
    entrant.stage = stage;
    this.#admit();
  }

  /** Lets in whoever may begin. One that leaves as it begins asks again: that is the same round. */
  #admit(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const overdrawnMs = this.#bucket.take(1, this.#clock.monotonicMs());
      if (overdrawnMs > 0) {
        this.#cancelTimer = this.#clock.after(overdrawnMs, () => this.#admitOverdrawn());
        break;
      }
      this.#begin(next);
    }
    this.#admitting = false;
  }

  /** The one whose turn was drawn from the bucket in advance. */
  #admitOverdrawn(): void {
    this.#cancelTimer = undefined;
    const next = this.#next();
    if (next !== undefined) this.#begin(next);
    this.#admit();
  }

  /** Who has waited longest of those whose address has a handshake left. */
  #next(): Entrant | undefined {
    if (this.#cancelTimer !== undefined || this.#handshakesOf.total >= policy.handshakes) {
      return undefined;
    }
    const share = policy.handshakes * policy.handshakeShare;
    for (const entrant of this.#waiting) {
      if (this.#handshakesOf.of(entrant.arrival.remoteAddress) < share) return entrant;
    }
    return undefined;
  }

  #begin(entrant: Entrant): void {
    this.#move(entrant, 'handshake');
    entrant.arrival.begin(entrant.entrance);
  }
}
