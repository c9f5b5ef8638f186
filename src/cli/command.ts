import type { Command } from '#commands';
import { HearthError, parseDurationMs } from '#kernel';
import { type Circumstances, commandSentence, failureOf, isUnderWay } from './command-words.ts';
import { type Device, devicePath } from './device.ts';
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
      const tell = !at.json && isUnderWay(sent);
      const kept = options.expiresIn !== undefined;
      return { command: sent, around: tell ? await circumstances(hub, sent, kept) : undefined };
    },
    { running: true },
  );
  at.answer(command, () => `${commandSentence(command, around)}.`);
  if (waited === undefined && isUnderWay(command)) {
    at.note(`To see what comes of it: hearth commands show ${command.id}`);
  }
  const failure = failureOf(command, waited);
  if (failure) throw failure;
}

/** How long to wait, as it was typed. @throws HearthError `bad_request`. */
export function waitOf({ wait }: SendOptions): string | undefined {
  if (wait === undefined) return undefined;
  const text = wait === true ? usualWait : wait;
  parseDurationMs(text, '--wait');
  return text;
}

export const waitQuery = (waited: string | undefined): string =>
  waited === undefined ? '' : `?wait=${waited}`;

/** @throws HearthError `bad_request`. */
export function expiryOf({ expiresIn }: SendOptions): { expiresIn?: string } {
  if (expiresIn === undefined) return {};
  parseDurationMs(expiresIn, '--expires-in');
  return { expiresIn };
}

/** What a person wants to know of a device that has not answered yet. */
async function circumstances(hub: Hub, command: Command, kept: boolean): Promise<Circumstances> {
  const path = devicePath(command.device_id);
  const { status } = await hub.get<Device>(path);
  const { retry } = await hub.get<{ readonly retry: { readonly attempts: number } }>(
    `${path}/type`,
  );
  return { online: status === 'online', attempts: retry.attempts, kept };
}

/** A number of minutes for the hub, of a duration as it is typed. @throws HearthError `bad_request`. */
export function minutesOf(text: string, option: string): number {
  const durationMs = parseDurationMs(text, option);
  if (durationMs > 0) return durationMs / 60_000;
  throw new HearthError('bad_request', `${option} is no time at all: "${text}"`, { field: option });
}
