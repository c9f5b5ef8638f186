import type { Command } from '#commands';
import { HearthError } from '#kernel';
import { commandTable } from './commands.ts';
import type { Invocation } from './invocation.ts';

/** What became of commands that were asked for together. */
export interface Run {
  readonly batch_id: string;
  readonly status: 'done' | 'partly' | 'failed' | 'pending';
  readonly commands: readonly Command[];
  readonly refused: readonly {
    readonly device_id: string;
    readonly code: string;
    readonly message: string;
  }[];
}

/**
 * Shows what became of it, a line for each device.
 * @param waited how long it was waited for; absent when it was not.
 * @throws HearthError when any of it failed, was waited for in vain, or is reported to be otherwise.
 */
export function answerRun(at: Invocation, run: Run, waited: string | undefined): void {
  const { status, commands, refused } = run;
  at.answer(run, () => {
    const parts = [commands.length === 0 ? 'Nothing was sent.' : commandTable(at, commands)];
    if (refused.length > 0) {
      const rows = refused.map(({ device_id, message }) => [device_id, message]);
      parts.push(at.table(['refused', 'why'], rows));
    }
    return parts.join('\n\n');
  });
  const hint = 'hearth commands list shows what becomes of them.';
  if (status === 'partly')
    throw new HearthError('unavailable', 'not every device did it', { hint });
  if (status === 'failed') throw new HearthError('unavailable', 'no device did it', { hint });
  if (status === 'pending' && waited !== undefined) {
    throw new HearthError('timed_out', `not every device has answered within ${waited}`, { hint });
  }
  const other = commands.find((command) => command.status === 'acknowledged' && command.error);
  if (other !== undefined) {
    const what = `${other.device_id} reports otherwise than it acknowledged`;
    throw new HearthError('unavailable', what, { hint });
  }
}
