import type { Series } from './batch.ts';

export const seriesPerDevice = 500;

/**
 * Gives every metric of every device its number, the first time it is seen. Numbers are never
 * reused; new ones travel to disk with the first batch that uses them.
 */
export class SeriesBook {
  readonly #byDevice = new Map<string, Map<string, number>>();
  #nextId = 1;
  #unsaved: Series[] = [];

  /** The metrics of a device, for a caller that looks up many; see `numberOf`. */
  of(device: string): Map<string, number> {
    let metrics = this.#byDevice.get(device);
    if (metrics === undefined) {
      metrics = new Map();
      this.#byDevice.set(device, metrics);
    }
    return metrics;
  }

  /** Numbers a metric that `of(device)` does not know yet; `undefined` when the device has enough. */
  add(device: string, metric: string): number | undefined {
    const metrics = this.of(device);
    if (metrics.size >= seriesPerDevice) return undefined;
    const series = { id: this.#nextId++, device, metric };
    metrics.set(metric, series.id);
    this.#unsaved.push(series);
    return series.id;
  }

  /** Takes the series that must go to disk with the next batch. */
  takeUnsaved(): readonly Series[] {
    const series = this.#unsaved;
    if (series.length > 0) this.#unsaved = [];
    return series;
  }

  /** Puts back what did not reach the disk. */
  giveBack(series: readonly Series[]): void {
    // Those of a device that was forgotten meanwhile are nobody's any more.
    const current = series.filter((one) => this.of(one.device).get(one.metric) === one.id);
    if (current.length > 0) this.#unsaved = [...current, ...this.#unsaved];
  }

  /** Forgets a device, so that its metrics count anew; answers the numbers they had. */
  forget(device: string): readonly number[] {
    const ids = [...this.of(device).values()];
    this.#byDevice.delete(device);
    this.#unsaved = this.#unsaved.filter((series) => series.device !== device);
    return ids;
  }

  /**
   * Learns what is on disk, at the start and after the storage worker was restarted; what is known
   * here and missing there is saved again with the next batch.
   */
  reconcile(saved: readonly Series[], nextId: number): void {
    this.#nextId = Math.max(this.#nextId, nextId);
    const savedIds = new Set<number>();
    for (const series of saved) {
      savedIds.add(series.id);
      this.of(series.device).set(series.metric, series.id);
    }
    this.#unsaved = [];
    for (const [device, metrics] of this.#byDevice) {
      for (const [metric, id] of metrics) {
        if (!savedIds.has(id)) this.#unsaved.push({ id, device, metric });
      }
    }
  }
}
