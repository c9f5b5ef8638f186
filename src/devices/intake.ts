import { type Clock, type Log, Signal } from '#kernel';
import type { Accept } from '#mqtt';
import type { StateMap } from './definitions/types.ts';
import type { Presence } from './presence.ts';
import type { DeviceReports } from './reports.ts';
import { readStatus, type StatusReport, statusOf } from './status.ts';
import type { StateSample, StatusNews } from './types.ts';

export interface DeviceIntakeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly reports: DeviceReports;
  readonly presence: Presence;
  readonly exists: (deviceId: string) => boolean;
  /** What is not sensitive of values: only that is remembered and passed on. */
  readonly openPart: (deviceId: string, values: StateMap) => StateMap;
  /** A device reports of itself something else than before. */
  readonly onState: (deviceId: string) => void;
}

/** Takes in what devices say, by readings, status messages and acknowledgments. */
export class DeviceIntake {
  readonly onStatus: Signal<StatusNews>;
  readonly #options: DeviceIntakeOptions;

  constructor(options: DeviceIntakeOptions) {
    this.#options = options;
    this.onStatus = new Signal('devices.onStatus', options.log);
  }

  /** Readings that are on disk: newest values, last seen, and that the device is alive. */
  samples(samples: readonly StateSample[]): void {
    const { exists, presence } = this.#options;
    for (const sample of samples) {
      if (!exists(sample.deviceId)) continue;
      const receivedMs = Math.floor(sample.receivedUs / 1000);
      this.#remember(sample, receivedMs, receivedMs);
      presence.heard(sample.deviceId, receivedMs);
    }
  }

  /** Readings of before the start: no sign of life. */
  restore(samples: readonly StateSample[]): void {
    const { clock, exists, reports } = this.#options;
    for (const sample of samples) {
      if (!exists(sample.deviceId)) continue;
      const receivedMs = Math.floor(sample.receivedUs / 1000);
      this.#remember(sample, receivedMs, Math.min(reports.aged(receivedMs), clock.nowMs()));
    }
  }

  /** Who takes in the status messages of a device. */
  acceptStatus(deviceId: string): Accept {
    return ({ topic, payload }) => {
      this.#takeStatus(deviceId, topic, readStatus(payload));
      return undefined;
    };
  }

  /** A heartbeat over HTTP; `body` may carry the fields of a status message. */
  heartbeat(deviceId: string, body: unknown): void {
    const { clock, presence } = this.#options;
    presence.heard(deviceId, clock.nowMs());
    this.#takeStatus(deviceId, '', statusOf(body));
  }

  /** State that came with an acknowledgment; it is bounded as a status is, and no word of presence. */
  report(deviceId: string, state: StateMap): void {
    const { clock, exists, onState } = this.#options;
    const status = this.#openPart(deviceId, statusOf(state));
    if (status === undefined || !exists(deviceId)) return;
    if (this.#report(deviceId, clock.nowMs(), status)) onState(deviceId);
  }

  #remember({ deviceId, timeUs, values }: StateSample, seenMs: number, receivedMs: number): void {
    const { openPart, reports } = this.#options;
    const report = reports.of(deviceId);
    report.apply(timeUs, receivedMs, openPart(deviceId, values));
    report.seen(seenMs);
    reports.touch(deviceId);
  }

  #takeStatus(deviceId: string, topic: string, said: StatusReport | undefined): void {
    const status = this.#openPart(deviceId, said);
    const { clock, exists, reports, presence, onState } = this.#options;
    if (!exists(deviceId)) return;
    const receivedAtMs = clock.nowMs();
    if (status === undefined) {
      // It cannot be read, but it was said.
      reports.of(deviceId).seen(receivedAtMs);
      reports.touch(deviceId);
      return;
    }
    const changed = this.#report(deviceId, receivedAtMs, status);
    if (status.online !== undefined) presence.said(deviceId, status.online);
    if (changed) onState(deviceId);
    this.onStatus.emit({ deviceId, topic, receivedAtMs, values: status.reported });
  }

  #openPart(deviceId: string, status: StatusReport | undefined): StatusReport | undefined {
    return status && { ...status, reported: this.#options.openPart(deviceId, status.reported) };
  }

  /** Returns whether anything of it is news. */
  #report(deviceId: string, receivedAtMs: number, status: StatusReport): boolean {
    const { reports } = this.#options;
    const report = reports.of(deviceId);
    // A will says that the device is gone: it is no sign of life.
    if (status.online !== false) report.seen(receivedAtMs);
    reports.touch(deviceId);
    return report.report(receivedAtMs, status.reported);
  }
}
