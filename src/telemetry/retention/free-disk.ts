import { statfsSync } from 'node:fs';
import type { NewAlert } from '#alerts';
import { isoOfMicroseconds, type Signal } from '#kernel';
import type { DiskSpace } from '../worker/protocol.ts';
import type { Shortened } from './types.ts';

/** How many times the floor is little enough to tell of. */
const warnAt = 2;
/** How many times the floor has to be free again before the next word about it. */
const calmAt = 2.5;

/** Bytes that are free for the hub on the file system of a path. */
export const freeBytesOf = (path: string) => (): number | undefined => {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
};

/** Watches the room on the disk, and tells the owner before readings go because of it, and after. */
export class FreeDisk {
  readonly #floorBytes: number;
  readonly #freeBytes: () => number | undefined;
  readonly #onAlert: Signal<NewAlert>;
  #isLow = false;

  constructor(parts: {
    readonly floorBytes: number;
    readonly freeBytes: () => number | undefined;
    readonly onAlert: Signal<NewAlert>;
  }) {
    this.#floorBytes = parts.floorBytes;
    this.#freeBytes = parts.freeBytes;
    this.#onAlert = parts.onAlert;
  }

  look(): DiskSpace {
    return { freeBytes: this.#freeBytes(), floorBytes: this.#floorBytes };
  }

  /** Tells once that there is little room; again when there was enough in between. */
  warn({ freeBytes, floorBytes }: DiskSpace): void {
    if (freeBytes === undefined || floorBytes === 0) return;
    if (freeBytes >= floorBytes * calmAt) this.#isLow = false;
    if (this.#isLow || freeBytes >= floorBytes * warnAt) return;
    this.#isLow = true;
    this.#onAlert.emit({
      kind: 'disk_low',
      message:
        `The disk has ${megabytes(freeBytes)} left. Below ${megabytes(floorBytes)} the oldest raw ` +
        'readings are removed to make room.',
      detail: { free_bytes: freeBytes, floor_bytes: floorBytes },
    });
  }

  /** Tells what went. */
  tell(shortened: Shortened | undefined): void {
    if (shortened === undefined) return;
    const { tiers, startUs, endUs, files, points, bytes } = shortened;
    const [start, end] = [isoOfMicroseconds(startUs), isoOfMicroseconds(endUs)];
    this.#onAlert.emit({
      kind: 'history_shortened',
      message:
        `The disk was too full: ${whatOf(tiers)} from ${start} to ${end} were removed, ` +
        `${megabytes(bytes)} in all.`,
      detail: { tiers, start, end, files, points, bytes },
    });
  }
}

const whatOf = (tiers: Shortened['tiers']): string =>
  tiers.map((tier) => (tier === 'raw' ? 'raw readings' : 'sums by the minute')).join(' and ');

const megabytes = (bytes: number): string =>
  bytes < 10 * 1024 ** 2
    ? `${(bytes / 1024 ** 2).toFixed(1)} MB`
    : `${Math.round(bytes / 1024 ** 2)} MB`;
