/** What crosses the door of the commands slice. */

import type { ActionValue } from '#devices';

export const commandStatuses = [
  'queued',
  'sent',
  'delivered',
  'acknowledged',
  'confirmed',
  'rejected',
  'expired',
  'timed_out',
  'cancelled',
] as const;
export type CommandStatus = (typeof commandStatuses)[number];

/** What a wait is over with: the device's answer, or what the device then reports. */
export const waitUntils = ['acknowledged', 'settled'] as const;
export type WaitUntil = (typeof waitUntils)[number];

/** Who a command comes from: a person or their program, or a part of the hub that acts for them. */
export const commandSources = ['manual', 'scene', 'schedule', 'override', 'restore'] as const;
export type CommandSource = (typeof commandSources)[number];

/** A command in JSON, as REST, WebSocket and CLI show it. Times are ISO 8601 UTC. */
export interface Command {
  readonly id: string;
  readonly device_id: string;
  /** What is sent: a toggle is resolved to what it turned out to mean. */
  readonly action: string;
  readonly value: ActionValue;
  /** The value is an object, which only those who may control devices are shown; then it is null. */
  readonly value_hidden?: true;
  readonly status: CommandStatus;
  readonly attempts: number;
  readonly created_at: string;
  /** The device is told not to act on it from here on. */
  readonly expires_at: string;
  readonly sent_at: string | null;
  readonly delivered_at: string | null;
  readonly acknowledged_at: string | null;
  readonly confirmed_at: string | null;
  readonly error: string | null;
  readonly source: CommandSource;
  /** `person:Anna`, `token:car`, `local`, or `hub`. */
  readonly requested_by: string;
  /** Set for a command of a scene or a group: they were asked for together. */
  readonly batch_id: string | null;
}

/** What anyone asks of the one door. */
export interface CommandRequest {
  readonly deviceId: string;
  readonly action: string;
  readonly value?: ActionValue | undefined;
  /** Keep it for a device that is away until then, instead of giving up after the last attempt. */
  readonly expiresInMs?: number | undefined;
  /** The same key for the same device within a day is the same command. */
  readonly idempotencyKey?: string | undefined;
  readonly source: CommandSource;
  readonly requestedBy: string;
  /** From where, for the audit. */
  readonly origin?: string | undefined;
  readonly batchId?: string | undefined;
}

/** The last word of a person on what a device should be like. */
export interface ManualWord {
  readonly atMs: number;
  readonly commandId: string;
  readonly action: string;
  readonly value: ActionValue;
}

/** What happened to a command, in JSON. */
export interface CommandHistoryEntry {
  readonly at: string;
  /** `created`, `published`, `not published`, `delivered`, `acknowledged`, `confirmed`, `contradicted`, … */
  readonly event: string;
  readonly detail: string;
}

/** An answer that could not be used: whoever writes firmware wants to see it. */
export interface StrayAnswer {
  readonly deviceId: string;
  readonly topic: string;
  /** The beginning of it. */
  readonly payload: Buffer;
  readonly problem: string;
}

/** An answer of a device to something that is not a command. */
export interface OtherAck {
  readonly deviceId: string;
  readonly id: string;
  readonly ok: boolean;
  readonly message: string | null;
}
