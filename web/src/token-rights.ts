import { roleWords } from './roles.ts';
import type { NewToken, Token } from './trust-wire.ts';

/** What a program may be allowed, in the words of the hub's table. */
export const scopeChoices: readonly (readonly [scope: string, words: string])[] = [
  ['devices.read', 'See devices'],
  ['telemetry.read', 'Read what devices measure'],
  ['devices.control', 'Control devices'],
  ['schedules.write', 'Change schedules'],
  ['telemetry.write', 'Report for devices'],
  ['system.read', 'Read how the hub is doing'],
];

/** Asking who it is itself is what every program needs. */
const always = 'self.read';

/** Ready-made answers to what a program may; `own` is any of the above. */
export type Rights = 'look' | 'control' | 'all' | 'admin' | 'own';

export const rightsChoices: readonly (readonly [rights: Rights, words: string])[] = [
  ['look', 'Look'],
  ['control', 'Look and control'],
  ['all', 'All that a program may'],
  ['admin', 'Change devices too'],
  ['own', 'Choose'],
];

const looking = ['devices.read', 'telemetry.read'];

/** The role and the scopes that a choice stands for. @param chosen counts for `own` alone. */
export function rightsOf(
  rights: Rights,
  chosen: readonly string[],
): Pick<NewToken, 'role' | 'scopes'> {
  switch (rights) {
    case 'look':
      return { role: 'service', scopes: [...looking, always] };
    case 'control':
      return { role: 'service', scopes: [...looking, 'devices.control', always] };
    case 'all':
      return { role: 'service' };
    case 'admin':
      return { role: 'admin' };
    case 'own':
      return { role: 'service', scopes: [...chosen, always] };
  }
}

/** What a token may, in words: `See devices, control devices`. */
export function rightsWords({ role, scopes }: Pick<Token, 'role' | 'scopes'>): string {
  if (scopes === null || scopes === undefined) {
    return role === 'service' ? 'All that a program may' : `As ${roleWords(role).toLowerCase()}`;
  }
  const words = scopes
    .filter((scope) => scope !== always)
    .map((scope) => scopeChoices.find(([known]) => known === scope)?.[1] ?? scope);
  const said = words.join(', ').toLowerCase();
  return said === ''
    ? 'Nothing but to ask who it is'
    : said.charAt(0).toUpperCase() + said.slice(1);
}
