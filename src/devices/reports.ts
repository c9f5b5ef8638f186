import type { Cancel, Clock, Log } from '#kernel';
import { DeviceReport } from './report.ts';
import type { DeviceStore } from './store.ts';

const saveEveryMs = 1000;

/**
 * The reports of all devices, in memory. Those that changed are written at most once a second, in
 * one transaction: a power cut may cost the last second of "last seen", never a reading.
 */
export class DeviceReports {
  readonly #store: DeviceStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reports = new Map<string, DeviceReport>();
  readonly #changed = new Set<string>();
  /** How far the clock stands behind what was received before the hub was started. */
  #behindMs = 0;
  #cancel: Cancel | undefined;

  constructor(store: DeviceStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    for (const { deviceId, json } of this.#store.states()) {
      try {
        this.#reports.set(deviceId, DeviceReport.fromJson(json));
      } catch (error) {
        this.#log.warn({ deviceId, err: error }, 'the saved state of a device cannot be read');
      }
    }
    this.#ageSaved();
    this.#cancel = this.#clock.every(saveEveryMs, () => this.#save());
  }

  stop(): void {
    this.#cancel?.();
    this.#save();
  }

  /** A moment of before the start, moved as the saved receipts were. */
  aged(receivedMs: number): number {
    return receivedMs - this.#behindMs;
  }

  of(deviceId: string): DeviceReport {
    let report = this.#reports.get(deviceId);
    if (report === undefined) {
      report = new DeviceReport();
      this.#reports.set(deviceId, report);
    }
    return report;
  }

  /** Notes that a report changed and is to be written. */
  touch(deviceId: string): void {
    this.#changed.add(deviceId);
  }

  forget(deviceId: string): void {
    this.#reports.delete(deviceId);
    this.#changed.delete(deviceId);
  }

  /**
   * A hub without a clock chip starts in the past. What it hears then must still count as newer than
   * what it had heard before: so all of that is moved back, in its order, to before this moment.
   */
  #ageSaved(): void {
    let newestMs = 0;
    for (const report of this.#reports.values())
      newestMs = Math.max(newestMs, report.newestReceiptMs);
    this.#behindMs = Math.max(0, newestMs - this.#clock.nowMs());
    if (this.#behindMs === 0) return;
    for (const report of this.#reports.values()) report.ageBy(this.#behindMs);
  }

  #save(): void {
    if (this.#changed.size === 0) return;
    const states = [...this.#changed].map((deviceId) => ({
      deviceId,
      json: this.of(deviceId).toJson(),
    }));
    try {
      this.#store.saveStates(states);
      this.#changed.clear();
    } catch (error) {
      // Kept and tried again in a second: the registry works on from memory meanwhile.
      this.#log.error({ err: error, devices: states.length }, 'device state was not saved');
    }
  }
}
