import type { Counters } from '../counters.ts';
import { policy } from '../limits.ts';
import type { Gate, Identity } from '../ports.ts';

const windowMs = 60_000;

interface Who {
  readonly identity: Identity;
  readonly clientId: string;
  readonly remoteAddress: string;
}

/** Tells the owner what one connection was refused, and notices when that goes on. */
export class Denials {
  readonly #gate: Gate;
  readonly #counters: Counters;
  readonly #who: Who;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #inWindow = 0;

  constructor(gate: Gate, counters: Counters, who: Who) {
    this.#gate = gate;
    this.#counters = counters;
    this.#who = who;
  }

  /** Notes a refusal; true when there were too many of them within a minute. */
  note(action: 'publish' | 'subscribe', topic: string, reason: string, nowMs: number): boolean {
    if (nowMs - this.#windowStartMs >= windowMs) {
      this.#windowStartMs = nowMs;
      this.#inWindow = 0;
    }
    this.#inWindow += 1;
    this.#counters.denied += 1;
    const tooMany = this.#inWindow > policy.denialsPerMinute;
    // What is beyond the bound is counted, not told: one SUBSCRIBE can hold thousands of filters.
    if (!tooMany) this.#gate.denied({ ...this.#who, action, topic, reason });
    return tooMany;
  }
}
