import type { AuditPort } from '#auth';
import { isoOfMicroseconds, type Log, type Signal } from '#kernel';
import type { Series } from './batch.ts';
import type { Committer } from './committer.ts';
import type { Intake } from './intake.ts';
import type { Quarantine } from './quarantine.ts';
import type { Retention } from './retention/service.ts';
import type { ErasureRequest } from './retention/types.ts';
import type { Sealing } from './sealing.ts';
import type { SeriesBook } from './series.ts';
import type { Storage } from './storage.ts';

export interface ForgettingParts {
  readonly log: Log;
  readonly series: SeriesBook;
  readonly storage: Storage;
  readonly committer: Committer;
  readonly intake: Intake;
  readonly quarantine: Quarantine;
  readonly sealing: Sealing;
  readonly retention: Retention;
  readonly audit: AuditPort | undefined;
  readonly onErased: Signal<Omit<ErasureRequest, 'actor' | 'origin'>>;
}

/** Readings that are deleted, and devices that are removed. */
export class Forgetting {
  readonly #parts: ForgettingParts;
  /** Removed devices of which storage does not know yet, with the numbers of their series. */
  readonly #removed = new Map<string, readonly number[]>();

  constructor(parts: ForgettingParts) {
    this.#parts = parts;
  }

  /** See `Telemetry.erase`. */
  async erase({ actor, origin, ...request }: ErasureRequest): Promise<number> {
    const { storage, committer, quarantine, audit, onErased } = this.#parts;
    const { deviceId, metrics, startUs, endUs } = request;
    quarantine.erase(deviceId, startUs, endUs);
    // What was taken in before is meant, and what is not on its way to the disk yet has no number.
    if (storage.ready && committer.waitingPoints > 0) await committer.underWay();
    const id = await storage.ask('erase', { deviceId, metrics, startUs, endUs });
    // From here on it will be done, whatever happens.
    audit?.append({
      actor,
      action: 'telemetry.delete',
      subject: `device:${deviceId}`,
      outcome: 'ok',
      ...(origin !== undefined && { origin }),
      detail: {
        start: isoOfMicroseconds(startUs),
        end: isoOfMicroseconds(endUs),
        ...(metrics && { metrics }),
      },
    });
    onErased.emit(request);
    return storage.ask('erased', { id });
  }

  /** Resolves when everything that is to be erased has left the disk. */
  async erased(): Promise<void> {
    await this.#parts.storage.ask('erased', { id: undefined });
  }

  /** See `Telemetry.forget`. */
  async forget(deviceId: string): Promise<void> {
    const { intake, quarantine, sealing, retention, series, committer } = this.#parts;
    intake.forget(deviceId);
    quarantine.forget(deviceId);
    sealing.forget(deviceId);
    retention.forget(deviceId);
    const waiting = this.#removed.get(deviceId) ?? [];
    this.#removed.set(deviceId, [...waiting, ...series.forget(deviceId)]);
    const underWay = committer.underWay();
    await this.tellStorage();
    // What had been gathered of it when it was removed reaches the disk, and leaves it again.
    void underWay.then(() => this.erased()).catch(() => {});
  }

  /** Whether a device was removed, and storage may still speak of it. */
  isRemoved(deviceId: string): boolean {
    return this.#removed.has(deviceId);
  }

  /** Whether a series is of a device that was removed, and not of a new one of its name. */
  isOfRemoved(series: Series): boolean {
    return this.#removed.get(series.device)?.includes(series.id) === true;
  }

  /** Tells storage of the devices that were removed; what it cannot do now is told again later. */
  async tellStorage(): Promise<void> {
    const { storage, log } = this.#parts;
    if (!storage.ready) return;
    const removals = [...this.#removed].map(async ([deviceId, series]) => {
      try {
        await storage.ask('forget', { deviceId, series });
        if (this.#removed.get(deviceId) === series) this.#removed.delete(deviceId);
      } catch (error) {
        log.error({ err: error, deviceId }, 'a device was not forgotten; tried again later');
      }
    });
    await Promise.all(removals);
  }
}
