import { type Cancel, type Clock, HearthError } from '#kernel';
import { type CommandRecord, isPending } from './record.ts';

const mostWaiting = 1000;

/** Those who wait for a command to be answered or given up. */
export class Waiting {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when `tell` is called for the command with news worth waking up for, or when the time
   * is over.
   * @throws HearthError `too_many_requests` when too many wait already.
   */
  async until(id: string, withinMs: number): Promise<void> {
    if (this.#count >= mostWaiting) {
      throw new HearthError('too_many_requests', `${mostWaiting} requests wait for a command`, {
        hint: 'Ask without wait, and look at the command later.',
        retryable: true,
        retryAfterSeconds: 5,
      });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleepers = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, sleepers.add(resolve));
    this.#count += 1;
    const cancel: Cancel = this.#clock.after(withinMs, resolve);
    await promise;
    cancel();
    this.#count -= 1;
    sleepers.delete(resolve);
    if (sleepers.size === 0 && this.#waiting.get(id) === sleepers) this.#waiting.delete(id);
  }

  tell(command: Pick<CommandRecord, 'id' | 'status'>): void {
    if (!isPending(command)) this.wake(command.id);
  }

  wake(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve();
  }

  wakeAll(): void {
    for (const id of this.#waiting.keys()) this.wake(id);
  }
}
