import { createHash } from 'node:crypto';
import type { Db } from '#db';
import { reservedDeviceIds } from '#devices';
import { isHearthError } from '#kernel';
import { type LineName, legalDeviceId, marked } from './names.ts';
import { LineDeviceStore } from './store.ts';

/** Who brings something in, for the audit. */
export interface By {
  readonly actor: string;
  readonly origin: string;
}

/** What is needed of the registry. */
export interface DevicePort {
  exists(id: string): boolean;
  /** Whether its messages are taken in. */
  isActive(id: string): boolean;
  /** @throws HearthError `unprocessable` when there are too many. */
  create(
    device: { readonly id: string; readonly name: string; readonly type: string },
    by: By,
  ): unknown;
}

/** The device of a line, or why there is none. */
export type Found =
  | { readonly id: string }
  | { readonly code: 'not_found' | 'unprocessable'; readonly problem: string };

/** Devices that writes over the network may bring in. */
export const mostBrought = 1000;
const longestSeries = 512;
const markLengths = [6, 12, 24];

/**
 * Which device a line is of. What it is called is kept, so that a series stays with its device and two
 * series with one name get two devices. A device that is not there yet comes as type generic.
 */
export class LineDevices {
  readonly #store: LineDeviceStore;
  readonly #devices: DevicePort;
  /** Devices that came in, since the hub started. */
  created = 0;

  constructor(db: Db, devices: DevicePort) {
    this.#store = new LineDeviceStore(db);
    this.#devices = devices;
  }

  /** The device of lines of this name; `bounded` where whoever asks may bring in only so many. */
  find(name: LineName, by: By, bounded: boolean): Found {
    const series = keyOf(name.series);
    const known = this.#store.deviceOf(series);
    const id = known ?? this.#freeId(name);
    if (!this.#devices.exists(id)) {
      if (bounded && this.#store.countBrought() >= mostBrought) return tooMany(id);
      try {
        const shown = name.name.replaceAll(/\p{Cc}+/gu, ' ').trim();
        this.#devices.create({ id, name: shown.slice(0, 100) || id, type: 'generic' }, by);
      } catch (error) {
        if (!isHearthError(error)) throw error;
        return { code: 'unprocessable', problem: error.message };
      }
      this.created++;
      this.#store.add(series, id, bounded);
    } else if (known === undefined && name.deviceId === undefined) {
      this.#store.add(series, id, false);
    }
    return this.#devices.isActive(id)
      ? { id }
      : { code: 'unprocessable', problem: `the device "${id}" is disabled` };
  }

  #freeId(name: LineName): string {
    const id = legalDeviceId(name.name, (word) => reservedDeviceIds.has(word));
    if (name.deviceId !== undefined || !this.#store.isTaken(id)) return id;
    const others = markLengths.map((digits) => marked(id, name.series, digits));
    return others.find((other) => !this.#store.isTaken(other)) ?? id;
  }
}

const keyOf = (series: string): string =>
  series.length <= longestSeries
    ? series
    : `sha256:${createHash('sha256').update(series).digest('hex')}`;

const tooMany = (id: string): Found => ({
  code: 'unprocessable',
  problem: `there is no device "${id}", and ${mostBrought} have come in by such writes already: add it first`,
});
