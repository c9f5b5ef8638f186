/** Every metric of a device, or some. */
type Metrics = ReadonlySet<string> | 'all';

const everyDevice = '*';
const mostSubscriptions = 1000;

/** Which metrics of which devices one client wants to see. */
export class Subscriptions {
  readonly #metricsOf = new Map<string, Metrics>();

  /** Adds to what is wanted; returns false when that would be too much to keep. */
  add(devices: readonly string[], metrics: readonly string[] | undefined): boolean {
    const added = devices.filter((device) => !this.#metricsOf.has(device)).length;
    if (this.#metricsOf.size + added > mostSubscriptions) return false;
    for (const device of devices) {
      this.#metricsOf.set(device, metrics === undefined ? 'all' : new Set(metrics));
    }
    return true;
  }

  remove(devices: readonly string[]): void {
    for (const device of devices) this.#metricsOf.delete(device);
  }

  /** Whether a metric is wanted. What is said of one device goes before what is said of all. */
  wants(device: string, metric: string): boolean {
    const metrics = this.#metricsOf.get(device) ?? this.#metricsOf.get(everyDevice);
    return metrics === 'all' || (metrics?.has(metric) ?? false);
  }
}
