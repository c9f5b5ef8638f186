import type { StateMap } from '#devices';
import { devicePath } from './device.ts';
import { type HomeTime, homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { printable } from './table.ts';
import { actionWords, stateWords } from './value.ts';

/** What should hold for a device, and because of what. */
export interface Why {
  readonly device_id: string;
  readonly holds:
    | { readonly action: string; readonly value?: unknown }
    | { readonly state: StateMap }
    | null;
  readonly because: { readonly text: string };
  readonly since: string | null;
  readonly until: string | null;
  readonly next: { readonly text: string } | null;
  readonly considered: readonly { readonly text: string; readonly holds: boolean }[];
  readonly reported: StateMap;
  readonly agrees: 'agrees' | 'differs' | 'unknown' | null;
  /** Whether the device took it, or was so already. */
  readonly settled: boolean;
}

/** Shows what should hold for a device now, and because of what. */
export async function showWhy(at: Invocation, device: string): Promise<void> {
  const why = await withHub(at, (hub) => hub.get<Why>(`${devicePath(device)}/why`));
  at.answer(why, () => whyText(why, homeTime(at)));
}

/** The answer as sentences, each on a line of its own. */
export function whyText(why: Why, home: HomeTime): string {
  const others = why.considered.filter(({ holds }) => !holds);
  return [
    `${holding(why)}${span(why, home)}.`,
    `Why: ${sentence(plain(why.because.text))}`,
    ...(why.next === null ? [] : [`Next: ${sentence(why.next.text)}`]),
    ...asReported(why),
    ...(others.length === 0 ? [] : ['', 'Also there, and not in force now:']),
    ...others.map(({ text }) => `  ${printable(text)}`),
  ].join('\n');
}

function holding({ device_id: device, holds }: Why): string {
  if (holds === null) return `${device} is left as it is`;
  const what = 'state' in holds ? stateWords(holds.state) : actionWords(holds);
  return `For ${device}, ${what} holds`;
}

/** From when to when, with the zone after the first of the two. */
function span({ since, until }: Why, home: HomeTime): string {
  const from = since === null ? '' : ` since ${home.withZone(since)}`;
  if (until === null) return from;
  return `${from}${from === '' ? '' : ','} until ${from === '' ? home.withZone(until) : home.minute(until)}`;
}

/** What the device itself says of it. */
function asReported({ agrees, settled, reported }: Why): string[] {
  const says = stateWords(reported);
  switch (agrees) {
    case null:
      return says === '' ? [] : [`The device reports ${says}.`];
    case 'agrees':
      return [`The device reports that it is so: ${says}.`];
    case 'differs':
      return settled
        ? [`The device took it, but reports otherwise: ${says}.`]
        : [`The device has not taken it yet, and reports otherwise: ${says}.`];
    case 'unknown':
      return settled
        ? ['The device took it, and has not reported it.']
        : ['The device has not taken it yet.'];
  }
}

/** What a schedule calls an edge, its owner calls a change. */
const plain = (text: string): string =>
  text
    .replace('the next edge is', 'the next change is at')
    .replace('no edge is to come', 'no change is to come')
    .replace('no edge within 8 days', 'no schedule within 8 days');

const sentence = (text: string): string => `${printable(text).replace(/\.$/, '')}.`;
