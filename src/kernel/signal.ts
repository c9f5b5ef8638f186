import type { Log } from './log.ts';

/** Stops listening; calling it twice is harmless. */
export type Unlisten = () => void;

/**
 * News that its owner tells to whoever listens. A listener that throws is logged and does not keep
 * the others from hearing; a listener is never awaited, so it can delay neither the owner nor an
 * acknowledgment.
 */
export class Signal<T> {
  readonly #listeners = new Set<(news: T) => void>();
  readonly #name: string;
  readonly #log: Log;

  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: (news: T) => void): Unlisten {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(news: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(news);
      } catch (error) {
        this.#log.error({ signal: this.#name, err: error }, 'a listener failed');
      }
    }
  }
}
