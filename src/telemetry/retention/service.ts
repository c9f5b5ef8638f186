import type { AuditPort } from '#auth';
import type { Config } from '#config';
import type { Db } from '#db';
import { type Clock, HearthError, sortableId } from '#kernel';
import { keptOf, policyOf } from './policy.ts';
import { RetentionStore } from './store.ts';
import type { KeptDays, RetentionPolicy, RetentionRule } from './types.ts';

/** The devices that rules are about. */
export interface RuledDevices {
  exists(deviceId: string): boolean;
  list?(): readonly { readonly id: string; readonly type: string }[];
}

/** Who changes a rule, and from where. */
export interface By {
  readonly actor: string;
  readonly origin: string;
}

const mostRules = 500;
const dayUs = 86_400e6;
/** How long it is believed of a device that it is of a type. */
const typesForMs = 1000;

/** How long readings are kept: the settings, and the owner's rules for some of them. */
export class Retention {
  readonly home: KeptDays;
  readonly #store: RetentionStore;
  readonly #clock: Clock;
  readonly #devices: RuledDevices;
  readonly #audit: AuditPort | undefined;
  #rules: readonly RetentionRule[] = [];
  #types: { readonly atMs: number; readonly byDevice: ReadonlyMap<string, string> } | undefined;
  /** Readings that are younger than this are of no one's too old. */
  #shortestUs = 0;

  constructor(parts: {
    readonly db: Db;
    readonly config: Config;
    readonly clock: Clock;
    readonly devices: RuledDevices;
    readonly audit: AuditPort | undefined;
  }) {
    this.#store = new RetentionStore(parts.db);
    this.#clock = parts.clock;
    this.#devices = parts.devices;
    this.#audit = parts.audit;
    this.home = homeOf(parts.config);
    this.#shortestUs = this.home.raw * dayUs;
  }

  start(): void {
    this.#learn();
  }

  rules(): readonly RetentionRule[] {
    return this.#rules;
  }

  /** What the storage worker goes by, for the devices there are now. */
  policy(): RetentionPolicy {
    return policyOf(this.home, this.#rules, this.#devices.list?.() ?? []);
  }

  /** Microseconds for which the raw readings of everyone are kept at least. */
  get shortestRawUs(): number {
    return this.#shortestUs;
  }

  /** Microseconds for which the raw readings of a metric are kept. */
  rawUsOf(deviceId: string, metric: string): number {
    const whose = { deviceId, metric, type: this.#typeOf(deviceId) };
    return keptOf(this.home, this.#rules, whose).raw * dayUs;
  }

  /**
   * Adds a rule, or puts it in the place of the one that is about the same.
   * @throws HearthError `unprocessable` for an unknown device, `conflict` when there are too many.
   */
  put(rule: Omit<RetentionRule, 'id'>, by: By): RetentionRule {
    const { deviceId } = rule;
    if (deviceId !== null && !this.#devices.exists(deviceId)) {
      throw new HearthError(
        'unprocessable',
        `device_id is "${deviceId}": there is no such device`,
        {
          field: 'device_id',
          hint: 'GET /api/v1/devices lists the devices.',
        },
      );
    }
    const isNew = this.#store.find(rule) === undefined;
    if (isNew && this.#rules.length >= mostRules) {
      throw new HearthError('conflict', `there are ${mostRules} rules of retention already`, {
        hint: 'Remove one that is not needed, or write a rule for a type.',
      });
    }
    const id = sortableId(this.#clock.nowMs());
    const saved = this.#store.transaction(() => {
      const put = this.#store.put({ ...rule, id });
      this.#note('retention.set', put, by);
      return put;
    });
    this.#learn();
    return saved;
  }

  /** @throws HearthError `not_found`. */
  remove(id: string, by: By): void {
    const rule = this.#rules.find((one) => one.id === id);
    if (rule === undefined) {
      throw new HearthError('not_found', `there is no rule of retention "${id.slice(0, 64)}"`, {
        hint: 'GET /api/v1/retention lists the rules.',
      });
    }
    this.#store.transaction(() => {
      this.#store.remove(id);
      this.#note('retention.remove', rule, by);
    });
    this.#learn();
  }

  /** Forgets the rules about a removed device. */
  forget(deviceId: string): void {
    this.#store.removeOf(deviceId);
    this.#learn();
  }

  #note(action: string, { deviceId, type, metric, kept }: RetentionRule, by: By): void {
    this.#audit?.append({
      ...by,
      action,
      subject: deviceId === null ? `type:${type}` : `device:${deviceId}`,
      outcome: 'ok',
      detail: { ...(metric !== null && { metric }), ...kept },
    });
  }

  #learn(): void {
    this.#rules = this.#store.rules();
    const days = this.#rules.flatMap(({ kept }) => kept.raw ?? []);
    this.#shortestUs = Math.min(this.home.raw, ...days) * dayUs;
  }

  #typeOf(deviceId: string): string | undefined {
    const atMs = this.#clock.monotonicMs();
    if (this.#types === undefined || atMs - this.#types.atMs > typesForMs) {
      const devices = this.#devices.list?.() ?? [];
      this.#types = { atMs, byDevice: new Map(devices.map(({ id, type }) => [id, type])) };
    }
    return this.#types.byDevice.get(deviceId);
  }
}

const homeOf = (config: Config): KeptDays => ({
  raw: config['telemetry.retention_days'],
  '1m': config['telemetry.minute_days'],
  '1h': config['telemetry.hour_days'],
  '1d': config['telemetry.day_days'],
});
