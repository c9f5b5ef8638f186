import type { ActionValue, Scalar, StateMap } from '#devices';
import { HearthError } from '#kernel';
import type { Dialect } from './dialects.ts';
import type { Command, CommandSource, CommandStatus } from './types.ts';

/** A command as this slice keeps it. Times are milliseconds since 1970 UTC. */
export interface CommandRecord {
  readonly id: string;
  readonly deviceId: string;
  readonly action: string;
  readonly value: ActionValue;
  readonly source: CommandSource;
  readonly requestedBy: string;
  readonly batchId: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Kept for a device that is away: no attempt is counted while it cannot be reached. */
  readonly waits: boolean;
  readonly status: CommandStatus;
  readonly attempts: number;
  /** Whether the latest attempt went out to the device. */
  readonly published: boolean;
  readonly dialect: Dialect | null;
  readonly sentAtMs: number | null;
  readonly deliveredAtMs: number | null;
  readonly acknowledgedAtMs: number | null;
  readonly confirmedAtMs: number | null;
  readonly error: string | null;
  /** The device is as it should be, but has not answered yet. Not kept: the next report says it again. */
  readonly agrees: boolean;
  /** The device subscribed with QoS 0 and so never says that a message arrived. Not kept. */
  readonly unconfirmedDelivery: boolean;
  /**
   * How many attempts with QoS 1 went out since the device last proved, by PUBACK or by coming back,
   * that it is there. Not kept, but for whether it was ever delivered.
   */
  readonly unproven: number;
  /** Properties that were told to be other than they should be. Not kept. */
  readonly contradicted: readonly string[];
  /** Its history tells that it was answered more than once. */
  readonly answeredAgain: boolean;
}

/** How long a command that was acknowledged is watched for what the device then reports. */
export const watchMs = 10 * 60_000;

/** Something that happened to a command, as its history tells it. */
export interface HistoryEntry {
  readonly atMs: number;
  /** `created`, `published`, `not published`, `delivered`, `acknowledged`, `confirmed`, … */
  readonly event: string;
  readonly detail: string;
}

/** Whether a command still asks for something to be done about it. */
export const isPending = ({ status }: Pick<CommandRecord, 'status'>): boolean =>
  status === 'queued' || status === 'sent' || status === 'delivered';

/** Whether a report of the device can still say something of a command. */
export const isWatched = (command: CommandRecord, expected: StateMap, nowMs: number): boolean =>
  command.status === 'acknowledged' &&
  Object.keys(expected).length > 0 &&
  nowMs - (command.acknowledgedAtMs ?? 0) < watchMs;

/** An action in words, for messages: `setFanSpeed 3`. What is in an object may be a secret. */
export function words({ action, value }: Pick<CommandRecord, 'action' | 'value'>): string {
  return value === null || typeof value === 'object' ? action : `${action} ${shorten(value)}`;
}

const shorten = (value: Scalar): string => {
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
const isoOrNull = (timeMs: number | null): string | null => (timeMs === null ? null : iso(timeMs));

export const commandJson = (command: CommandRecord): Command => ({
  id: command.id,
  device_id: command.deviceId,
  action: command.action,
  value: command.value,
  status: command.status,
  attempts: command.attempts,
  created_at: iso(command.createdAtMs),
  expires_at: iso(command.expiresAtMs),
  sent_at: isoOrNull(command.sentAtMs),
  delivered_at: isoOrNull(command.deliveredAtMs),
  acknowledged_at: isoOrNull(command.acknowledgedAtMs),
  confirmed_at: isoOrNull(command.confirmedAtMs),
  error: command.error,
  source: command.source,
  requested_by: command.requestedBy,
  batch_id: command.batchId,
});

export const unknownCommand = (id: string): HearthError =>
  new HearthError('not_found', `there is no command "${id.slice(0, 64)}"`);
