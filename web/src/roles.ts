import type { PersonRole } from './people-wire.ts';
import type { Role } from './wire.ts';

const roleNames: Readonly<Record<Role, string>> = {
  owner: 'Owner',
  admin: 'Administrator',
  member: 'Member',
  guest: 'Guest',
  service: 'Program',
};

export const roleWords = (role: Role): string => roleNames[role] ?? role;

/** What a role means, for whoever gives it. */
export const roleMeaning: Readonly<Record<PersonRole, string>> = {
  owner: 'May do everything, also make other owners.',
  admin: 'Manages devices, rooms, members and guests.',
  member: 'Sees and controls every device.',
  guest: 'Sees only what you share with them.',
};

/** Whom each role may invite and change; the hub checks again. */
const below: Readonly<Partial<Record<Role, readonly PersonRole[]>>> = {
  owner: ['guest', 'member', 'admin', 'owner'],
  admin: ['guest', 'member'],
};

/** The roles that somebody of this role may give. */
export const rolesToGive = (role: Role): readonly PersonRole[] => below[role] ?? [];

/** Whether somebody of this role may change somebody of the other. */
export const mayManage = (role: Role, other: PersonRole): boolean =>
  rolesToGive(role).includes(other);
