/** Commands for many devices in one transaction, told apart again by whom they are for. */

import type { Command, CommandRequest, CommandSource } from '#commands';
import type { Action } from '#devices';
import { isHearthError } from '#kernel';
import type { CommandPort } from './ports.ts';

export type Request = CommandRequest;

/** What became of the requests for one device. */
export interface Sent {
  readonly commands: readonly Command[];
  /** Why the first that could not be made was not. */
  readonly error?: unknown;
}

export const requestFor = (
  deviceId: string,
  { action, value }: Action,
  source: CommandSource,
): Request => ({
  deviceId,
  action,
  ...(value !== undefined && { value }),
  source,
  requestedBy: 'hub',
});

/** Sends what each intent asks for, in the order in which it does. */
export function sendTogether<Intent extends { readonly requests: readonly Request[] }>(
  intents: readonly Intent[],
  commands: Pick<CommandPort, 'sendAll'>,
): { readonly intent: Intent; readonly sent: Sent }[] {
  const requests = intents.flatMap((intent) => intent.requests);
  const results = requests.length === 0 ? [] : resultsOf(requests, commands);
  let at = 0;
  return intents.map((intent) => {
    const own = results.slice(at, at + intent.requests.length);
    at += own.length;
    const failed = own.find((result) => 'error' in result);
    const made = own.flatMap((result) => ('command' in result ? [result.command] : []));
    return { intent, sent: { commands: made, ...failed } };
  });
}

type Result = { readonly command: Command } | { readonly error: unknown };

function resultsOf(
  requests: readonly Request[],
  commands: Pick<CommandPort, 'sendAll'>,
): readonly Result[] {
  try {
    return commands
      .sendAll(requests)
      .map((result) => (isHearthError(result) ? { error: result } : { command: result }));
  } catch (error) {
    return requests.map(() => ({ error }));
  }
}
