import { HearthError } from '#kernel';
import type { By, LineDevices } from '../line-protocol/devices.ts';
import { legalMetric, nameOfLine } from '../line-protocol/names.ts';
import type { ImportSeries } from './intake.ts';
import type { SourceSeries } from './types.ts';

/** More in one file are no devices: a wrong column was taken for theirs. */
const mostDevices = 2000;
const tooManyDevices = `there are more than ${mostDevices} devices in it: is the column of devices the right one?`;
/** Each device that comes in waits for the disk. */
const devicesAtOnce = 10;

/** A series, or why there is none. */
export type Place = ImportSeries | { readonly problem: string };

/**
 * Where what a file calls something belongs here: as the file has it, unless the map says otherwise.
 * The map goes by entity, by `device.metric` or by device.
 */
export class Places {
  readonly #devices: LineDevices;
  readonly #map: ReadonlyMap<string, string>;
  readonly #by: By;
  readonly #matched = new Set<string>();
  readonly #known = new Map<string, string | { readonly problem: string }>();

  constructor(devices: LineDevices, map: Readonly<Record<string, string>>, by: By) {
    this.#devices = devices;
    this.#map = new Map(Object.entries(map));
    this.#by = by;
  }

  /** The ids of the devices that were met so far. */
  get devices(): readonly string[] {
    return [...new Set([...this.#known.values()].filter((one) => typeof one === 'string'))].sort();
  }

  /** What the map names and was not met. */
  get unmatched(): readonly string[] {
    return [...this.#map.keys()].filter((name) => !this.#matched.has(name));
  }

  /** Places of several; what else the hub has to do comes between devices that come in. */
  async findAll(series: readonly SourceSeries[]): Promise<Place[]> {
    const places: Place[] = [];
    let known = this.#devices.created;
    for (const one of series) {
      places.push(this.find(one));
      if (this.#devices.created - known < devicesAtOnce) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      known = this.#devices.created;
    }
    return places;
  }

  find({ device, metric, entity }: SourceSeries): Place {
    const line =
      'name' in device
        ? {
            deviceId: device.name,
            name: device.name,
            series: JSON.stringify(['device_id', device.name]),
          }
        : nameOfLine(device.measurement, device.tags);
    const whole = this.#meant(entity ?? '') ?? this.#meant(`${line.name}.${metric}`);
    if (whole !== undefined) {
      const place = splitPlace(whole);
      return this.#at(place.device, place.metric ?? metric);
    }
    const other = entity === undefined ? this.#meant(line.name) : undefined;
    if (other !== undefined) return this.#at(other, metric);
    return this.#under(line, metric);
  }

  #meant(name: string): string | undefined {
    const place = this.#map.get(name);
    if (place !== undefined) this.#matched.add(name);
    return place;
  }

  #at(name: string, metric: string): Place {
    const series = JSON.stringify(['device_id', name]);
    return this.#under({ deviceId: name, name, series }, legalMetric(metric));
  }

  #under(line: Parameters<LineDevices['find']>[0], metric: string): Place {
    let deviceId = this.#known.get(line.series);
    if (deviceId === undefined) {
      if (this.#known.size >= mostDevices) return { problem: tooManyDevices };
      const found = this.#devices.find(line, this.#by, false);
      deviceId = 'id' in found ? found.id : { problem: found.problem };
      this.#known.set(line.series, deviceId);
    }
    return typeof deviceId === 'string' ? { deviceId, metric } : deviceId;
  }
}

/** `device.metric`; with a slash where the device has a dot in its name; or a device alone. */
function splitPlace(text: string): { device: string; metric: string | undefined } {
  const at = text.includes('/') ? text.indexOf('/') : text.indexOf('.');
  if (at < 0) return { device: text, metric: undefined };
  return { device: text.slice(0, at), metric: text.slice(at + 1) };
}

/** @throws HearthError `unprocessable` for a target that is none. */
export function checkMap(map: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(map)) {
    const { device, metric } = splitPlace(to);
    if (device !== '' && metric !== '') continue;
    throw new HearthError('unprocessable', `device_map takes ${from} to nowhere: "${to}"`, {
      field: 'device_map',
      hint: 'Write device.metric, or device/metric when the device has a dot in its name.',
    });
  }
}
