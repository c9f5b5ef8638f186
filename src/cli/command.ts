import type { Command } from '#commands';
import { HearthError, parseDurationMs } from '#kernel';
import {
  type Circumstances,
  commandSentence,
  failureOf,
  isUnderWay,
  isUnreported,
} from './command-words.ts';
import { type Device, devicePath } from './device.ts';
import { homeTime } from './home-time.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { actionOf } from './value.ts';

export interface SendOptions {
  /** `true` without a time. */
  readonly wait?: string | true;
  readonly expiresIn?: string;
}

/** How long `--wait` alone is. */
const usualWait = '10s';
/** The hub waits no longer. */
const longestWaitMs = 60_000;

interface Type {
  readonly actions: readonly { readonly name: string; readonly sets?: object }[];
  readonly retry: { readonly attempts: number };
}

/** Has a device do something, and says what came of it; fails unless it came to what was asked for. */
export async function sendCommand(
  at: Invocation,
  device: string,
  action: string,
  value: string | undefined,
  options: SendOptions,
): Promise<void> {
  const waited = waitOf(options);
  const body = { ...actionOf(action, value), ...expiryOf(options) };
  const { command, around } = await withHub(
    at,
    async (hub) => {
      const path = `${devicePath(device)}/commands${waitQuery(waited)}`;
      const sent = await hub.post<Command>(path, body);
      const tell = !at.json && (isUnderWay(sent) || isUnreported(sent));
      if (!tell) return { command: sent, around: undefined };
      const kept = options.expiresIn !== undefined;
      const until = kept ? { keptUntil: homeTime(at).withZone(sent.expires_at) } : {};
      return { command: sent, around: { ...(await circumstances(hub, sent)), ...until } };
    },
    { running: true },
  );
  const failure = failureOf(command, waited, around);
  // A person is told of a failure once, by whoever catches it; a program gets the command besides.
  if (at.json || failure === undefined) {
    at.answer(command, () => `${commandSentence(command, around)}.`);
  }
  if (waited === undefined && isUnderWay(command)) {
    at.note(`To see what comes of it: hearth commands show ${command.id}`);
  }
  if (failure) throw failure;
}

/** How long to wait, as it was typed. @throws HearthError `bad_request`. */
export function waitOf({ wait }: SendOptions): string | undefined {
  if (wait === undefined) return undefined;
  const text = wait === true ? usualWait : wait;
  if (parseDurationMs(text, '--wait') <= longestWaitMs) return text;
  throw new HearthError('bad_request', `--wait is ${text}: it takes at most 60s`, {
    field: '--wait',
    hint: 'Leave it out, and look later: hearth commands show.',
  });
}

export const waitQuery = (waited: string | undefined): string =>
  waited === undefined ? '' : `?wait=${waited}`;

/** @throws HearthError `bad_request`. */
export function expiryOf({ expiresIn }: SendOptions): { expiresIn?: string } {
  if (expiresIn === undefined) return {};
  parseDurationMs(expiresIn, '--expires-in');
  return { expiresIn };
}

/** What a person wants to know of a device that has not answered yet, or not said what it did. */
async function circumstances(hub: Hub, command: Command): Promise<Circumstances> {
  const path = devicePath(command.device_id);
  const { status } = await hub.get<Device>(path);
  const { actions, retry } = await hub.get<Type>(`${path}/type`);
  const { sets = {} } = actions.find(({ name }) => name === command.action) ?? {};
  const leavesState = Object.keys(sets).length > 0;
  return { online: status === 'online', attempts: retry.attempts, leavesState };
}

/** A number of minutes for the hub, of a duration as it is typed. @throws HearthError `bad_request`. */
export function minutesOf(text: string, option: string): number {
  const durationMs = parseDurationMs(text, option);
  if (durationMs > 0) return durationMs / 60_000;
  throw new HearthError('bad_request', `${option} is no time at all: "${text}"`, { field: option });
}
