import { actionWords, leavesState, stateMapWords, stateWords } from './command-words.ts';
import type { TypeDefinition, Why } from './control-wire.ts';
import { sentence } from './problem.ts';
import { clockTime, dayAndTime } from './time.ts';

/** Why a device is as it should be, in a sentence or two. */
export function whyWords(why: Why, definition: TypeDefinition | undefined, nowMs: number): string {
  const { holds, because } = why;
  if (because.kind === 'nothing') {
    return 'Nothing tells it what to be right now: no schedule is on, and nobody has set it by hand.';
  }
  const cause = causeWords(why, nowMs);
  if (holds === null) return `It is left as it is, because ${cause}.`;
  const isTold = !('state' in holds) && !leavesState(definition, holds);
  if (isTold) return `It was told to ${actionWords(definition, holds)}, because ${cause}.`;
  const what =
    'state' in holds ? stateMapWords(definition, holds.state) : stateWords(definition, holds);
  const should = `It should be ${what === '' ? 'as it was' : what}, because ${cause}.`;
  return why.agrees === 'differs' ? `${should} It does not report that yet.` : should;
}

/** What happens next, if anything is to. */
export function nextStepWords({ next, because, until }: Why): string | undefined {
  if (next === null) return undefined;
  // The hub calls it an override, which nobody at home does.
  const endsFirst = because.kind === 'override' && next.at === until;
  return endsFirst
    ? `“For a while” ends at ${clockTime(Date.parse(next.at))}.`
    : sentence(next.text);
}

function causeWords({ because, since }: Why, nowMs: number): string {
  const at = since === null ? '' : ` (${dayAndTime(Date.parse(since), nowMs)})`;
  const name = because.name === null ? 'a schedule' : `the schedule “${because.name}”`;
  switch (because.kind) {
    case 'override':
      return `“For a while” began${at}`;
    case 'manual':
      return `it was set by hand${at}`;
    case 'restore':
      return `it went back to how it was${at}`;
    case 'schedule':
      return `${name} began${at}`;
    case 'schedule_end':
      return `${name} ended${at}`;
    case 'schedule_once':
      return `${name} said so${at}`;
    default:
      return 'of something that this page does not know';
  }
}
