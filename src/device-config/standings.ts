import type { Cancel, Clock, Log } from '#kernel';
import { nothingKnown } from './standing.ts';
import type { ConfigStore } from './store.ts';
import type { ConfigStanding } from './types.ts';

const saveAfterMs = 1000;

/**
 * Where each device stands, in memory. What devices say is written down at most once a second, for
 * all of them together: a device that reports in every message costs no commit each, and what a
 * power cut takes is asked of the device again.
 */
export class Standings {
  readonly #store: ConfigStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #standings = new Map<string, ConfigStanding>();
  readonly #unsaved = new Set<string>();
  #cancel: Cancel | undefined;

  constructor(store: ConfigStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#standings = this.#store.standings();
  }

  stop(): void {
    this.#cancel?.();
    this.#save();
  }

  of(deviceId: string): ConfigStanding {
    return this.#standings.get(deviceId) ?? nothingKnown;
  }

  all(): IterableIterator<ConfigStanding> {
    return this.#standings.values();
  }

  /** Takes over what the database was told already. */
  put(
    deviceId: string,
    known: Pick<Partial<ConfigStanding>, 'desired' | 'carrier' | 'taken'>,
  ): void {
    this.#standings.set(deviceId, { ...this.of(deviceId), ...known });
  }

  /** Notes what is to be written down soon. */
  note(deviceId: string, said: Pick<Partial<ConfigStanding>, 'reported' | 'problem'>): void {
    this.#standings.set(deviceId, { ...this.of(deviceId), ...said });
    this.#unsaved.add(deviceId);
    this.#cancel ??= this.#clock.after(saveAfterMs, () => this.#save());
  }

  forget(deviceId: string): void {
    this.#standings.delete(deviceId);
    this.#unsaved.delete(deviceId);
  }

  #save(): void {
    this.#cancel = undefined;
    if (this.#unsaved.size === 0) return;
    try {
      this.#store.transaction(() => {
        for (const deviceId of this.#unsaved) this.#store.saveReport(deviceId, this.of(deviceId));
      });
      this.#unsaved.clear();
    } catch (error) {
      this.#log.error({ err: error }, 'what devices said of their configuration was not saved');
    }
  }
}
