import type { Command } from '#commands';
import { HearthError } from '#kernel';
import { printable } from './table.ts';
import { actionWords } from './value.ts';

/** What is known of the device of a command that it has not answered, or not reported yet. */
export interface Circumstances {
  readonly online: boolean;
  /** How often it is tried in all. */
  readonly attempts: number;
  /** Until when it is kept, where it was asked to be kept for a device that is away: as it is shown. */
  readonly keptUntil?: string;
  /** Whether the action leaves something behind that the device can report. */
  readonly leavesState: boolean;
}

const underWay: readonly string[] = ['queued', 'sent', 'delivered'];

/** Whether the device has yet to answer. */
export const isUnderWay = ({ status }: Command): boolean => underWay.includes(status);

/** Whether the device said that it did it, and nothing more yet. */
export const isUnreported = ({ status, error }: Command): boolean =>
  status === 'acknowledged' && error === null;

/** What became of a command, as one true sentence. */
export function commandSentence(command: Command, around?: Circumstances): string {
  const { device_id: device, error } = command;
  const what = actionWords(command);
  switch (command.status) {
    case 'queued':
      return `queued: ${whyQueued(command, around)}${tries(command, around)}`;
    case 'sent':
      return `${what} is sent to ${device}, which has not answered yet${tries(command, around)}`;
    case 'delivered':
      return `${what} has reached ${device}, which has not answered yet${tries(command, around)}`;
    case 'acknowledged':
      return `${device} acknowledged ${what}${after(command, command.acknowledged_at)}${but(command, around)}`;
    case 'confirmed':
      return `${device} confirmed ${what}${after(command, command.confirmed_at)}`;
    case 'rejected':
      return `${device} refused ${what}${error === null ? '' : `: ${printable(error)}`}`;
    case 'expired':
      return `${what} expired before ${device} took it`;
    case 'timed_out': {
      const count = command.attempts === 1 ? '1 attempt' : `${command.attempts} attempts`;
      return `${device} did not answer ${what}: given up after ${count}`;
    }
    case 'cancelled':
      return `${what} is cancelled`;
  }
}

/**
 * The error that a command ends with which did not come to what was asked for: all there is to say.
 * @returns `undefined` for one that did, or that nobody waits for.
 */
export function failureOf(
  command: Command,
  waited?: string,
  around?: Circumstances,
): HearthError | undefined {
  const hint = `hearth commands show ${command.id} has its history.`;
  switch (command.status) {
    case 'rejected':
      return new HearthError('unprocessable', commandSentence(command), { hint });
    case 'expired':
    case 'timed_out':
      return new HearthError('timed_out', commandSentence(command), { hint });
    case 'cancelled':
      return new HearthError('conflict', commandSentence(command), { hint });
    case 'acknowledged':
      if (command.error === null) return undefined;
      return new HearthError('unavailable', commandSentence(command), { hint });
    case 'confirmed':
      return undefined;
  }
  if (waited === undefined) return undefined;
  const silent = `${commandSentence(command, around)}; waited ${waited}`;
  return new HearthError('timed_out', silent, {
    hint: `It goes on being tried; ${hint}`,
  });
}

/** What the device reports, which is another thing than what it answered. */
function but({ error }: Command, around: Circumstances | undefined): string {
  if (error !== null) return `, but ${printable(error)}`;
  return around?.leavesState ? ', but has not reported it yet' : '';
}

function whyQueued({ device_id }: Command, around: Circumstances | undefined): string {
  if (around === undefined) return `${device_id} has not been reached yet`;
  return around.online
    ? `${device_id} is online but does not listen for commands`
    : `${device_id} is offline`;
}

function tries(command: Command, around: Circumstances | undefined): string {
  if (around === undefined) return '';
  if (around.keptUntil !== undefined) return `; it is kept until ${around.keptUntil}`;
  return `; attempt ${Math.max(1, command.attempts)} of ${around.attempts}`;
}

const after = ({ created_at }: Command, then: string | null): string =>
  then === null ? '' : ` after ${Math.max(0, Date.parse(then) - Date.parse(created_at))} ms`;
