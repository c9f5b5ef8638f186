import type { Duplex } from 'node:stream';
import type { Clock } from '#kernel';
import { policy } from '../limits.ts';
import type { Inbound } from './inbound.ts';
import type { Outbox } from './outbox.ts';
import type { PublishPath } from './publish-path.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface IntakeOptions {
  readonly wire: Duplex;
  readonly clock: Clock;
  readonly inbound: Inbound;
  readonly outbox: Outbox;
}

/**
 * Reads a client's socket only while there is room for what would be read: TCP then slows down a
 * sender that is faster than the disk, or than it is allowed to be.
 */
export class Intake {
  readonly #options: IntakeOptions;
  #throttled = false;
  #paused = false;
  #stopped = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Whether it is the broker that does not read, so that silence says nothing of the client. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Counts messages that were read; what is beyond the rate is made up for by reading later. */
  charge(messages: number, rate: TokenBucket, path: PublishPath): void {
    const { clock } = this.#options;
    const waitMs = rate.take(messages, clock.monotonicMs());
    if (waitMs <= 0 || this.#throttled) return;
    this.#throttled = true;
    clock.after(waitMs, () => {
      this.#throttled = false;
      this.regulate(path);
    });
  }

  /** Reads on or pauses; returns whether reading was resumed. */
  regulate(path: PublishPath | undefined): boolean {
    const full = this.#throttled || this.#isFull(path, this.#paused ? 0.5 : 1);
    if (full === this.#paused || this.#stopped) return false;
    this.#paused = full;
    if (full) this.#options.wire.pause();
    else this.#options.wire.resume();
    return !full;
  }

  /** Leaves the socket as it is from now on. */
  stop(): void {
    this.#stopped = true;
  }

  #isFull(path: PublishPath | undefined, share: number): boolean {
    const { inbound, outbox } = this.#options;
    if (inbound.heldBytes > share * policy.heldBytes) return true;
    if (outbox.backlog > share * 2 * policy.backlogBytes) return true;
    if (path === undefined) return false;
    return (
      path.pending > share * policy.pendingMessages ||
      path.pendingBytes > share * policy.pendingBytes
    );
  }
}
