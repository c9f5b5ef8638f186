import type { Command } from '#commands';
import { ago } from './ago.ts';
import { commandSentence } from './command-words.ts';
import { details } from './details.ts';
import { devicePath } from './device.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { actionWords } from './value.ts';

interface ListOptions {
  readonly status?: string;
  readonly limit?: string;
}

const commandPath = (id: string): string => `/commands/${encodeURIComponent(id)}`;

/** Shows the commands of one device or of all, newest first. */
export async function listCommands(
  at: Invocation,
  device: string | undefined,
  { status, limit }: ListOptions,
): Promise<void> {
  const path = device === undefined ? '/commands' : `${devicePath(device)}/commands`;
  const answer = await withHub(at, (hub) =>
    hub.get<{ commands: readonly Command[] }>(path, { status, limit }),
  );
  at.answer(answer, () =>
    answer.commands.length === 0
      ? 'There are no such commands.'
      : commandTable(at, answer.commands),
  );
}

export async function showCommand(at: Invocation, id: string): Promise<void> {
  const command = await withHub(at, (hub) => hub.get<Command>(commandPath(id)));
  at.answer(command, () => `${commandSentence(command)}.\n\n${details(at, command)}`);
}

export async function cancelCommand(at: Invocation, id: string): Promise<void> {
  const command = await withHub(at, async (hub) => {
    const left = await hub.delete<Command | undefined>(commandPath(id));
    return left ?? hub.get<Command>(commandPath(id));
  });
  at.answer(command, () => `${commandSentence(command)}.`);
}

/** Commands as lines, for whoever sends several at once too. */
export function commandTable(at: Invocation, commands: readonly Command[]): string {
  const nowMs = at.around.clock.nowMs();
  return at.table(
    ['id', 'device', 'what', 'status', 'attempts', 'when', 'source', 'by', 'error'],
    commands.map((command) => [
      command.id,
      command.device_id,
      actionWords(command),
      command.status,
      command.attempts,
      ago(command.created_at, nowMs),
      command.source,
      command.requested_by,
      command.error,
    ]),
    ['what', 'error'],
  );
}
