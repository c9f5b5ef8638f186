/** The words of this slice, and the narrow doors it needs from its neighbours. */

import type { Command } from '#commands';
import type { Action, ActionValue, Device, Scalar, StateMap, TypeDefinition } from '#devices';

export const overrideStatuses = ['active', 'ended', 'cancelled', 'replaced'] as const;
export type OverrideStatus = (typeof overrideStatuses)[number];

/** What a device said of each property before it was overridden; null where it had not said. */
export type SavedState = Readonly<Record<string, Scalar | null>>;

/** An override as it is kept. Times are milliseconds since 1970 UTC. */
export interface OverrideRecord {
  readonly id: string;
  readonly deviceId: string;
  readonly action: string;
  readonly value: ActionValue;
  readonly status: OverrideStatus;
  readonly startedAtMs: number;
  /**
   * When the first of those that replaced each other began: `saved` is of then. Earlier when the
   * device had yet to take a word: the moment of that word, which is what is saved.
   */
  readonly baselineAtMs: number;
  readonly endsAtMs: number;
  readonly saved: SavedState;
  readonly requestedBy: string;
  readonly commandId: string | null;
  readonly endedAtMs: number | null;
  readonly endedBecause: string | null;
}

/** An override in JSON, as REST, WebSocket and CLI show it. Times are ISO 8601 UTC. */
export interface Override {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: ActionValue;
  readonly status: OverrideStatus;
  readonly started_at: string;
  readonly ends_at: string;
  /** Null while the clock of the hub is behind, unless it began since the hub was started. */
  readonly remaining_seconds: number | null;
  /** What is given back at the end; null when the device had said nothing of it. */
  readonly previous: StateMap | null;
  readonly requested_by: string;
  readonly command_id: string | null;
  readonly ended_at: string | null;
  readonly ended_because: string | null;
}

/** Who asks, and from where, for the audit. */
export interface Asker {
  readonly requestedBy: string;
  readonly origin?: string | undefined;
}

export interface OverrideRequest extends Asker {
  readonly action: Action;
  readonly durationMs: number;
}

/** A new end: so much later than now is planned, or so long from now. */
export type NewEnd = { readonly extendMs: number } | { readonly durationMs: number };

/** What the registry must answer here. */
export interface OverriddenDevices {
  /** @throws HearthError `not_found`. */
  get(deviceId: string): Pick<Device, 'state'>;
  exists(deviceId: string): boolean;
  definitionOf(deviceId: string): TypeDefinition;
  reported(deviceId: string): StateMap;
}

/** The state that an override gives back: a word as of when the override began. */
export interface Baseline {
  readonly deviceId: string;
  readonly overrideId: string;
  readonly atMs: number;
  readonly state: StateMap;
  /** Nothing was known of how it was: `state` is off. */
  readonly isAssumed: boolean;
}

/** A word that a device has yet to take: its properties, and the moment from which on it holds. */
export interface Owed {
  readonly state: StateMap;
  readonly atMs: number;
}

/** What the schedules must do here: they know what should hold. */
export interface Steward {
  /** Sends what a device lacks of what should hold now; returns what was sent. */
  apply(deviceId: string, reason: string): readonly Command[];
  /** The same for many, all at once; what cannot be sent is owed. */
  applyAll(deviceIds: readonly string[], reason: string): void;
  /**
   * What a device is yet to be brought to, or was told a moment ago, and since when that holds;
   * undefined when what the device reports is how it is.
   */
  owedState(deviceId: string): Owed | undefined;
  /** Writes a baseline down, in the caller's transaction. */
  saveBaseline(baseline: Baseline): void;
}
