import type { CommandStatus } from '#commands';
import type { CombinedStatus } from './types.ts';

/** What a status means for the whole: it is well, it is not and will not be, or it is not over. */
const meaning: Readonly<Record<CommandStatus, 'under way' | 'well' | 'lost'>> = {
  queued: 'under way',
  sent: 'under way',
  delivered: 'under way',
  acknowledged: 'well',
  confirmed: 'well',
  rejected: 'lost',
  expired: 'lost',
  timed_out: 'lost',
  cancelled: 'lost',
};

/**
 * One word for commands that were asked for together: `pending` while any is under way; then `done`
 * when the device of every one took it, `failed` when none did, and `partly` otherwise. A refusal
 * counts as a command that was lost.
 */
export function combinedStatus(
  statuses: readonly CommandStatus[],
  refusals: number,
): CombinedStatus {
  const meanings = statuses.map((status) => meaning[status]);
  if (meanings.includes('under way')) return 'pending';
  if (!meanings.includes('well')) return 'failed';
  return refusals > 0 || meanings.includes('lost') ? 'partly' : 'done';
}
