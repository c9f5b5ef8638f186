import { actionWords, upperFirst } from './command-words.ts';
import type { Alert, TypeDefinition } from './control-wire.ts';
import { bytesWords } from './kept-words.ts';
import { sentence } from './problem.ts';
import { dayAndYear } from './time.ts';

/** What an alert says to someone at home, who knows the device by its name. */
export function alertWords(alert: Alert, definition: TypeDefinition | undefined): string {
  const { action, attempts } = alert.detail;
  if (alert.kind === 'disk_low') return diskWords(alert);
  if (alert.kind === 'history_shortened') return shortenedWords(alert);
  if (alert.kind !== 'command_timed_out' || typeof action !== 'string') {
    return sentence(alert.message);
  }
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  return `${upperFirst(actionWords(definition, { action }))}: no answer after ${tries}.`;
}

function diskWords({ message, detail }: Alert): string {
  const { free_bytes: free, floor_bytes: floor } = detail;
  if (typeof free !== 'number' || typeof floor !== 'number') return sentence(message);
  return (
    `The disk of the hub is nearly full: ${bytesWords(free)} left. ` +
    `Below ${bytesWords(floor)} the oldest readings go to make room.`
  );
}

function shortenedWords({ message, detail }: Alert): string {
  const { start, end, bytes } = detail;
  if (typeof start !== 'string' || typeof end !== 'string' || typeof bytes !== 'number') {
    return sentence(message);
  }
  // What ends at midnight is of the day before.
  const [from, to] = [dayAndYear(Date.parse(start)), dayAndYear(Date.parse(end) - 1)];
  return (
    `The disk of the hub was too full: the oldest readings, ` +
    `${from === to ? `of ${from}` : `from ${from} to ${to}`}, were removed to make room ` +
    `(${bytesWords(bytes)}). Coarser history of that time is still there.`
  );
}
