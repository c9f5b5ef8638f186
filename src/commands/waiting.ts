import type { Cancel, Clock } from '#kernel';
import { type CommandRecord, isPending } from './record.ts';

const mostWaiting = 1000;

/** Those who wait for a command to be answered or given up. */
export class Waiting {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  #count = 0;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves once `leftMs`, which is asked again at each news of the command, says that there is
   * nothing more to wait for; at once when too many wait already. The command is on its way by then:
   * whoever were told to try again would send it twice.
   */
  async until(id: string, leftMs: () => number): Promise<void> {
    if (this.#count >= mostWaiting) return;
    this.#count += 1;
    try {
      for (let restMs = leftMs(); restMs > 0 && !this.#isOver; restMs = leftMs()) {
        await this.#news(id, restMs);
      }
    } finally {
      this.#count -= 1;
    }
  }

  async #news(id: string, withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleepers = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, sleepers.add(resolve));
    const cancel: Cancel = this.#clock.after(withinMs, resolve);
    await promise;
    cancel();
    sleepers.delete(resolve);
    if (sleepers.size === 0 && this.#waiting.get(id) === sleepers) this.#waiting.delete(id);
  }

  tell(command: Pick<CommandRecord, 'id' | 'status'>): void {
    if (!isPending(command)) this.wake(command.id);
  }

  wake(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve();
  }

  /** Nobody waits any longer: the hub stops, and whoever asked is answered with what there is. */
  end(): void {
    this.#isOver = true;
    for (const id of this.#waiting.keys()) this.wake(id);
  }
}
