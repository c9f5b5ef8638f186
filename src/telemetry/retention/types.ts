import type { Tier } from '../worker/tiers/tiers.ts';

/** How many days each tier is kept. */
export type KeptDays = Readonly<Record<Tier, number>>;

/** What a rule is about: a device or a type of device, all of it or one metric. */
export interface RuleTarget {
  readonly deviceId: string | null;
  readonly type: string | null;
  readonly metric: string | null;
}

/** Says for some readings how long they are kept; of the tiers it leaves out another rule says so. */
export interface RetentionRule extends RuleTarget {
  readonly id: string;
  readonly kept: Readonly<Partial<Record<Tier, number>>>;
}

/** Whose readings are kept in another way than the home's; `metric` null: all others of the device. */
export interface KeptException {
  readonly device: string;
  readonly metric: string | null;
  readonly kept: KeptDays;
}

/** Everything about retention that the storage worker needs to know. It is cloned on its way. */
export interface RetentionPolicy {
  readonly home: KeptDays;
  readonly exceptions: readonly KeptException[];
}

/** Readings, or sums of them, that are to go. */
export interface Going {
  /** 0: with the next housekeeping; else in so many days. */
  readonly inDays: number;
  readonly reason: 'age' | 'disk';
  readonly tier: Tier;
  readonly device: string;
  readonly metric: string;
  /** The time that they are of: from, and before. */
  readonly startUs: number;
  readonly endUs: number;
  /** Readings; of a rollup its rows. */
  readonly points: number;
  readonly bytes: number;
}

/** What went because the disk was full. */
export interface Shortened {
  readonly tiers: readonly Tier[];
  readonly startUs: number;
  readonly endUs: number;
  readonly files: number;
  readonly points: number;
  readonly bytes: number;
}

/** Readings that are to leave no trace: from `startUs`, before `endUs`. */
export interface ErasureRequest {
  readonly deviceId: string;
  /** All of them without it. */
  readonly metrics?: readonly string[];
  readonly startUs: number;
  readonly endUs: number;
  /** Who wants it, for the audit. */
  readonly actor: string;
  readonly origin?: string;
}
