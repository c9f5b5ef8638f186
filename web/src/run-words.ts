import { hasFailed, isUnderWay } from './command-words.ts';
import type { Run } from './control-wire.ts';
import { sentence } from './problem.ts';

/** What became of a scene, with the devices that did not do it by name. */
export function runWords(
  scene: string,
  { commands, refused }: Run,
  nameOf: (deviceId: string) => string,
): string {
  const waiting = commands.filter(isUnderWay);
  const failed = commands.filter((command) => hasFailed(command) || command.status === 'cancelled');
  const count = commands.length + refused.length;
  const well = commands.length - waiting.length - failed.length;
  const said = [`${scene}: ${wellWords(well, count)}.`];
  if (waiting.length > 0) said.push(`No answer yet from ${names(waiting, nameOf)}.`);
  if (failed.length > 0) said.push(`Not done by ${names(failed, nameOf)}.`);
  for (const { device_id: id, message } of refused)
    said.push(`${nameOf(id)}: ${sentence(message)}`);
  return said.join(' ');
}

function wellWords(well: number, count: number): string {
  if (well === count) return count === 1 ? 'done' : `all ${count} done`;
  return `${well} of ${count} done`;
}

const names = (
  commands: readonly { readonly device_id: string }[],
  nameOf: (deviceId: string) => string,
): string => [...new Set(commands.map(({ device_id: id }) => nameOf(id)))].join(', ');
