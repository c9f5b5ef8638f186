import type { Db } from '#db';
import type { Series } from '../batch.ts';

/** Which device and metric a series number stands for, and the other way round. */
export class SeriesNames {
  readonly #byId = new Map<number, Series>();
  readonly #byDevice = new Map<string, Map<string, Series>>();

  load(db: Db): void {
    for (const series of db.prepare('SELECT id, device, metric FROM series').all() as Series[]) {
      this.add(series);
    }
  }

  add(series: Series): void {
    this.#byId.set(series.id, series);
    let metrics = this.#byDevice.get(series.device);
    if (metrics === undefined) {
      metrics = new Map();
      this.#byDevice.set(series.device, metrics);
    }
    metrics.set(series.metric, series);
  }

  find(id: number): Series | undefined {
    return this.#byId.get(id);
  }

  /** The series of a device, by metric name; only `fields` where they are given. */
  ofDevice(device: string, fields?: readonly string[]): readonly Series[] {
    const all = [...(this.#byDevice.get(device)?.values() ?? [])];
    const wanted = fields === undefined ? all : all.filter((one) => fields.includes(one.metric));
    return wanted.sort(byMetric);
  }

  all(): readonly Series[] {
    return [...this.#byId.values()];
  }

  /** A number that no series has. */
  nextId(): number {
    let highest = 0;
    for (const id of this.#byId.keys()) if (id > highest) highest = id;
    return highest + 1;
  }
}

const byMetric = (a: Series, b: Series): number =>
  a.metric < b.metric ? -1 : a.metric > b.metric ? 1 : 0;
