import { messageOf } from '#kernel';
import { type Behaviour, parseBehaviour } from './behaviour.ts';

/** What a person at the keyboard may tell a simulated device to do. */
export type Order =
  | { readonly kind: 'set'; readonly name: string; readonly value: string }
  | { readonly kind: 'burst'; readonly count: number }
  | { readonly kind: 'behave'; readonly behaviour: Behaviour }
  | { readonly kind: 'send' | 'disconnect' | 'bad' | 'status' | 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'unclear'; readonly problem: string };

const plain = ['send', 'disconnect', 'bad', 'status', 'help', 'quit'] as const;
const mostAtOnce = 1000;

export const orderHelp = [
  'set NAME VALUE   change a setting: set fanSpeed 3, set powerOn off',
  'power on|off     switch the device',
  'send             send a reading now',
  'burst [N]        send N readings at once (20)',
  'behave HOW       take commands so: obey, ignore, lie, nack, silent, delay:2s',
  'disconnect       cut the connection; the device comes back by itself',
  'bad              send a malformed message',
  'status           show the device',
  'quit             leave',
].join('\n');

/** Reads one line. `power on` means whichever setting of the device is its switch. */
export function parseOrder(line: string, powerSetting: string): Order {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const [first, second] = words;
  if (verb === 'set' && first && second) return { kind: 'set', name: first, value: second };
  if (verb === 'power' && first) return { kind: 'set', name: powerSetting, value: first };
  if (verb === 'burst') return burst(first ?? '20');
  if (verb === 'behave' && first) return behave(first);
  const kind = plain.find((word) => word === verb);
  if (kind !== undefined) return { kind };
  return { kind: 'unclear', problem: `"${line.trim().slice(0, 40)}" is not an order; try help` };
}

function burst(text: string): Order {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostAtOnce) return { kind: 'burst', count };
  return { kind: 'unclear', problem: `burst takes 1 to ${mostAtOnce}, not "${text.slice(0, 20)}"` };
}

function behave(text: string): Order {
  try {
    return { kind: 'behave', behaviour: parseBehaviour(text, 'behave') };
  } catch (error) {
    return { kind: 'unclear', problem: messageOf(error) };
  }
}
