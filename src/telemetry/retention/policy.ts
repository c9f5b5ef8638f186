import { type Tier, tiers } from '../worker/tiers/tiers.ts';
import type {
  KeptDays,
  KeptException,
  RetentionPolicy,
  RetentionRule,
  RuleTarget,
} from './types.ts';

/** Pure: which rule holds for which readings. */

interface Whose {
  readonly deviceId: string;
  readonly type: string | undefined;
  readonly metric: string | null;
}

/** The narrower a rule, the higher; 0 when it is not about these readings. */
function narrowness(rule: RuleTarget, { deviceId, type, metric }: Whose): number {
  if (rule.metric !== null && rule.metric !== metric) return 0;
  const ofMetric = rule.metric === null ? 0 : 1;
  if (rule.deviceId !== null) return rule.deviceId === deviceId ? 3 + ofMetric : 0;
  return rule.type === type ? 1 + ofMetric : 0;
}

/**
 * How long readings are kept: tier by tier as the narrowest rule says that says something of it (a
 * metric of a device, the device, a metric of its type, the type), else as the home's defaults do.
 */
export function keptOf(home: KeptDays, rules: readonly RetentionRule[], whose: Whose): KeptDays {
  const kept: Record<Tier, number> = { ...home };
  const about = rules
    .map((rule) => ({ rule, rank: narrowness(rule, whose) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => a.rank - b.rank);
  for (const { rule } of about) {
    for (const tier of tiers) kept[tier] = rule.kept[tier] ?? kept[tier];
  }
  return kept;
}

/** The rules as they are for the devices that there are. */
export function policyOf(
  home: KeptDays,
  rules: readonly RetentionRule[],
  devices: readonly { readonly id: string; readonly type: string }[],
): RetentionPolicy {
  const exceptions: KeptException[] = [];
  for (const { id, type } of devices) {
    const about = rules.filter((rule) =>
      rule.deviceId !== null ? rule.deviceId === id : rule.type === type,
    );
    if (about.length === 0) continue;
    for (const metric of new Set([null, ...about.map((rule) => rule.metric)])) {
      exceptions.push({
        device: id,
        metric,
        kept: keptOf(home, about, { deviceId: id, type, metric }),
      });
    }
  }
  return { home, exceptions };
}

/** Looks up what a policy says, series by series. */
export class KeptBy {
  readonly #policy: RetentionPolicy;
  readonly #byDevice = new Map<string, Map<string | null, KeptDays>>();

  constructor(policy: RetentionPolicy) {
    this.#policy = policy;
    for (const { device, metric, kept } of policy.exceptions) {
      let metrics = this.#byDevice.get(device);
      if (metrics === undefined) {
        metrics = new Map();
        this.#byDevice.set(device, metrics);
      }
      metrics.set(metric, kept);
    }
  }

  of(device: string, metric: string): KeptDays {
    const metrics = this.#byDevice.get(device);
    return metrics?.get(metric) ?? metrics?.get(null) ?? this.#policy.home;
  }

  /** The fewest days that anything of a tier is kept. */
  shortest(tier: Tier): number {
    return this.#policy.exceptions.reduce(
      (fewest, { kept }) => Math.min(fewest, kept[tier]),
      this.#policy.home[tier],
    );
  }
}
