/** The words of this slice, and the narrow doors it needs from its neighbours. */

import type { Scalar } from '#devices';
import type { DirectMessage, DirectOutcome } from '#mqtt';

/** What a device is to be set up as: a JSON object that only the device and its owner understand. */
export type ConfigDocument = { readonly [name: string]: unknown };

/** One version of it, as it is kept. */
export interface ConfigVersion {
  readonly version: number;
  readonly config: ConfigDocument;
  readonly setAtMs: number;
  readonly setBy: string;
}

/** Why the desired version is not sent at present. */
export interface ConfigProblem {
  readonly version: number;
  readonly text: string;
  /** Taken back by a person, not refused by the device. */
  readonly withdrawn: boolean;
}

/** Where a device stands: versions, not documents. */
export interface ConfigStanding {
  /** The newest version; 0 when there is none. */
  readonly desired: number;
  readonly reported: { readonly version: number; readonly atMs: number } | null;
  /** What it acknowledged last as a command. */
  readonly taken: { readonly version: number; readonly atMs: number } | null;
  readonly problem: ConfigProblem | null;
  /** The command that is bringing the desired version to the device just now. */
  readonly carrier: { readonly commandId: string; readonly expiresAtMs: number } | null;
}

/** A command that carries a version to its device. */
export interface CarryingCommand {
  readonly commandId: string;
  readonly deviceId: string;
  readonly version: number;
  /** Whether the version came with this command, or was desired already. */
  readonly madeVersion: boolean;
  readonly expiresAtMs: number;
  readonly outcome: 'open' | 'taken' | 'given_up';
}

/** A version in JSON. */
export interface ConfigVersionJson {
  readonly version: number;
  readonly config: ConfigDocument;
  readonly set_at: string;
  readonly set_by: string;
}

/** Where a device stands in JSON, as REST, WebSocket and CLI show it. Times are ISO 8601 UTC. */
export interface ConfigState {
  readonly device_id: string;
  readonly desired: ConfigVersionJson | null;
  /** `at` is when the device first said so. */
  readonly reported: { readonly version: number; readonly at: string } | null;
  /** The version that it acknowledged last as a command, and when. */
  readonly taken: { readonly version: number; readonly at: string } | null;
  readonly in_sync: boolean;
  /** Why the desired version is not sent at present: what the device said when it refused it. */
  readonly problem: string | null;
}

/** The same without the document, which may hold secrets: what everyone who watches is told. */
export interface ConfigNews extends Omit<ConfigState, 'desired'> {
  readonly desired: Omit<ConfigVersionJson, 'config'> | null;
}

/** Who asks, and from where, for the audit. */
export interface Asker {
  readonly requestedBy: string;
  readonly origin?: string | undefined;
}

export interface ConfigRequest extends Asker {
  readonly config: ConfigDocument;
  /** The version that the asker has seen; 0 for none. */
  readonly baseVersion?: number | undefined;
}

/** What the registry must answer here. */
export interface ConfiguredDevices {
  /** @throws HearthError `not_found`. */
  get(deviceId: string): unknown;
  exists(deviceId: string): boolean;
}

/** A status message or a reading of a device: the part of it that is read here. */
export interface ConfigReport {
  readonly deviceId: string;
  readonly values: Readonly<Record<string, Scalar>>;
}

/** A device's answer to something that was no command. */
export interface OtherAck {
  readonly deviceId: string;
  readonly id: string;
  readonly ok: boolean;
  readonly message?: string | null | undefined;
}

export type SignConfig = (request: {
  readonly deviceId: string;
  readonly purpose: 'config';
  readonly body: Record<string, unknown>;
}) => string;

export type SendDirect = (message: DirectMessage) => DirectOutcome;
