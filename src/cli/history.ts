import { confirmed } from './confirm.ts';
import { devicePath } from './device.ts';
import { inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { pastOf } from './time-option.ts';

export interface DeletionOptions {
  readonly start?: string;
  readonly end?: string;
  readonly fields?: string;
  readonly yes?: boolean;
}

/** How long somebody waits without a word: it may come after housekeeping that is under way. */
const patienceMs = 3000;

/** Deletes readings of a device for good, once somebody said yes. */
export async function deleteHistory(
  at: Invocation,
  device: string,
  options: DeletionOptions,
): Promise<void> {
  const home = homeTime(at);
  const query = new URLSearchParams();
  for (const [name, value] of [
    ['start', pastOf(options.start, '--start', home)],
    ['end', pastOf(options.end, '--end', home)],
    ['fields', options.fields],
  ] as const) {
    if (value !== undefined) query.set(name, value);
  }
  const what = options.fields === undefined ? 'All readings' : `The readings of ${options.fields}`;
  const since = options.start === undefined ? '' : ` from ${options.start}`;
  const until = options.end === undefined ? '' : ` until ${options.end}`;
  const question = `${what} of ${device}${since}${until} will be gone for good. Delete them?`;
  if (!(await confirmed(at, question, options))) {
    at.note('Nothing is deleted.');
    return;
  }
  const path = `${devicePath(device)}/telemetry?${query}`;
  const flags = {
    start: { flag: '--start', ...(options.start !== undefined && { typed: options.start }) },
    end: { flag: '--end', ...(options.end !== undefined && { typed: options.end }) },
  };
  const notYet = at.around.clock.after(patienceMs, () =>
    at.note('They are in no answer any more; the files that hold them are being written anew …'),
  );
  const answer = await inFlags(flags, () =>
    withHub(at, (hub) => hub.delete<{ deleted: number }>(path)),
  ).finally(notYet);
  const { deleted } = answer;
  at.answer(
    answer,
    () => `${deleted} ${deleted === 1 ? 'reading' : 'readings'} of ${device} deleted.`,
  );
}
