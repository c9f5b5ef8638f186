/** The narrow doors that this slice needs from its neighbours. */

import type { DeviceState, Scalar, StateMap, TypeDefinition } from '#devices';
import type { DirectMessage, DirectOutcome } from '#mqtt';

export interface DuePort {
  /** Whether the machine's clock can be right: what was due before this run can be judged by it. */
  readonly clockIsPlausible: boolean;
  handle(kind: string, action: (key: string, dueAtMs: number) => (() => void) | undefined): void;
  set(kind: string, key: string, dueAtMs: number): void;
  setAfter(kind: string, key: string, delayMs: number): void;
  cancel(kind: string, key: string): void;
  dueAtMs(kind: string, key: string): number | undefined;
}

export interface DevicePort {
  /** @throws HearthError `not_found`. */
  get(id: string): { readonly state: DeviceState };
  definitionOf(deviceId: string): TypeDefinition;
  /** The newest that telemetry, status and answers said of each property. */
  reported(deviceId: string): StateMap;
  /** Takes in what an answer said of the device. */
  takeReport(deviceId: string, state: StateMap): void;
}

/** Signs a JSON object and returns the text to publish, the signature last. */
export type Sign = (command: {
  readonly deviceId: string;
  readonly purpose: 'command';
  readonly body: Record<string, unknown>;
}) => string;

export type Send = (message: DirectMessage) => DirectOutcome;

/** A status message after it was applied. */
export interface StatusNews {
  readonly deviceId: string;
  readonly receivedAtMs: number;
  readonly values: StateMap;
}

/** A reading after its commit; times are microseconds since 1970 UTC. */
export interface ReadingNews {
  readonly deviceId: string;
  readonly timeUs: number;
  readonly receivedUs: number;
  readonly values: Readonly<Record<string, Scalar>>;
}
