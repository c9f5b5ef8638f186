import { HearthError } from '#kernel';
import type { TypeDefinition } from './definitions/types.ts';
import type { DeviceStore } from './store.ts';
import type { Scalar } from './types.ts';

const mostMetrics = 64;
/** As telemetry takes names of metrics. */
const metricName = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/;
const none: ReadonlySet<string> = new Set();

/**
 * Which metrics of which device say so much about people that they are kept encrypted and shown to
 * few: those that the owner declared, and those of the device's type.
 */
export class SensitiveMetrics {
  readonly #store: DeviceStore;
  readonly #definitionOf: (deviceId: string) => TypeDefinition | undefined;
  readonly #declared = new Map<string, readonly string[]>();
  /** What `of` answered: it is asked for each message. */
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(store: DeviceStore, definitionOf: (deviceId: string) => TypeDefinition | undefined) {
    this.#store = store;
    this.#definitionOf = definitionOf;
  }

  load(): void {
    for (const { deviceId, metric } of this.#store.sensitiveMetrics()) {
      this.#declared.set(deviceId, [...this.declaredOf(deviceId), metric]);
    }
  }

  /** Empty for most devices, and for one that is not there. */
  of(deviceId: string): ReadonlySet<string> {
    let metrics = this.#known.get(deviceId);
    if (metrics === undefined) {
      const all = [...this.declaredOf(deviceId), ...this.ofTypeOf(deviceId)];
      metrics = all.length === 0 ? none : new Set(all);
      // Of who is no device nothing is remembered: there is no end of them.
      if (this.#definitionOf(deviceId) !== undefined) this.#known.set(deviceId, metrics);
    }
    return metrics;
  }

  /** What the owner declared, by name. */
  declaredOf(deviceId: string): readonly string[] {
    return this.#declared.get(deviceId) ?? [];
  }

  /** What is sensitive of every device of its type, by name. */
  ofTypeOf(deviceId: string): readonly string[] {
    const metrics = this.#definitionOf(deviceId)?.metrics ?? [];
    return metrics.flatMap(({ name, sensitive }) => (sensitive === true ? [name] : [])).sort();
  }

  /**
   * Says which metrics of a device are sensitive, beside those of its type; `alongside` runs in the
   * same transaction. @throws HearthError `unprocessable` naming the metric.
   */
  declare(deviceId: string, metrics: readonly string[], alongside: () => void): void {
    const names = [...new Set(metrics)].sort();
    if (names.length > mostMetrics) {
      throw refusal(`a device has at most ${mostMetrics} sensitive metrics, not ${names.length}`);
    }
    const controlled = controlledBy(this.#definitionOf(deviceId));
    for (const name of names) {
      if (!metricName.test(name) || name === '__proto__') {
        throw refusal(`"${name.slice(0, 80)}" is not the name of a metric`);
      }
      if (controlled.has(name)) {
        throw refusal(
          `${name} cannot be sensitive: it is what commands to this device bring about`,
          'Whoever may see or send commands knows it. Choose what the device only measures.',
        );
      }
    }
    this.#store.atomically(() => {
      this.#store.setSensitiveMetrics(deviceId, names);
      alongside();
    });
    this.#declared.set(deviceId, names);
    this.#known.delete(deviceId);
  }

  /** What of these values anyone who sees the device may see: themselves, where nothing is sensitive. */
  openPart<Values extends Readonly<Record<string, Scalar>>>(
    deviceId: string,
    values: Values,
  ): Values | Readonly<Record<string, Scalar>> {
    const metrics = this.of(deviceId);
    if (metrics.size === 0) return values;
    return Object.fromEntries(Object.entries(values).filter(([name]) => !metrics.has(name)));
  }

  /** A device is of another type, or types mean something else than before. */
  typesChanged(): void {
    this.#known.clear();
  }

  forget(deviceId: string): void {
    this.#declared.delete(deviceId);
    this.#known.delete(deviceId);
  }
}

/** The properties that commands of a type set, turn over or switch. */
export function controlledBy(definition: TypeDefinition | undefined): ReadonlySet<string> {
  const names = (definition?.actions ?? []).flatMap(({ sets, toggles }) => [
    ...Object.keys(sets ?? {}),
    ...(toggles === undefined ? [] : [toggles]),
  ]);
  return new Set(names);
}

const refusal = (message: string, hint?: string): HearthError =>
  new HearthError('unprocessable', message, { field: 'metrics', ...(hint && { hint }) });
