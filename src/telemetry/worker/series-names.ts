import type { Db } from '#db';
import type { Series } from '../batch.ts';

/** Which device and metric a series number stands for, and the other way round. */
export class SeriesNames {
  readonly #byId = new Map<number, Series>();
  readonly #byDevice = new Map<string, Map<string, Series>>();
  readonly #forgotten = new Set<number>();

  load(db: Db): void {
    for (const row of db.prepare('SELECT series FROM forgotten').all() as { series: number }[]) {
      this.#forgotten.add(row.series);
    }
    for (const series of db.prepare('SELECT id, device, metric FROM series').all() as Series[]) {
      this.add(series);
    }
  }

  add(series: Series): void {
    if (this.#forgotten.has(series.id)) return;
    this.#byId.set(series.id, series);
    let metrics = this.#byDevice.get(series.device);
    if (metrics === undefined) {
      metrics = new Map();
      this.#byDevice.set(series.device, metrics);
    }
    metrics.set(series.metric, series);
  }

  /** Takes series their names away; answers whether any had not been forgotten yet. */
  forget(ids: readonly number[]): boolean {
    let isNews = false;
    for (const id of ids) {
      if (this.#forgotten.has(id)) continue;
      isNews = true;
      this.#forgotten.add(id);
      const series = this.#byId.get(id);
      if (series === undefined) continue;
      this.#byId.delete(id);
      const metrics = this.#byDevice.get(series.device);
      if (metrics?.get(series.metric)?.id === id) metrics.delete(series.metric);
      if (metrics?.size === 0) this.#byDevice.delete(series.device);
    }
    return isNews;
  }

  isForgotten(id: number): boolean {
    return this.#forgotten.has(id);
  }

  /** Whether a number means something: a series, or one of a device that was forgotten. */
  knows(id: number): boolean {
    return this.#byId.has(id) || this.#forgotten.has(id);
  }

  /** How many devices have series. */
  get devices(): number {
    return this.#byDevice.size;
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

  /** A number that no series has, and above all that had one. */
  nextId(): number {
    let highest = 0;
    for (const id of this.#byId.keys()) if (id > highest) highest = id;
    for (const id of this.#forgotten) if (id > highest) highest = id;
    return highest + 1;
  }
}

const byMetric = (a: Series, b: Series): number =>
  a.metric < b.metric ? -1 : a.metric > b.metric ? 1 : 0;
