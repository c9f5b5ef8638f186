/** Who may do what, and where: one table. Whatever is not written here is refused. */

export const roles = ['owner', 'admin', 'member', 'guest', 'service'] as const;
export type Role = (typeof roles)[number];

/** Where a role may do something: in the whole home, or with what is shared with the person. */
export type Scope = 'home' | 'shared';

type Rule = Readonly<Partial<Record<Role, Scope>>>;

const owner: Rule = { owner: 'home' };
const admins: Rule = { ...owner, admin: 'home' };
const household: Rule = { ...admins, member: 'home', service: 'home' };
const everyone: Rule = { ...household, guest: 'shared' };

const permissions = {
  'devices.read': everyone,
  'devices.control': everyone,
  'devices.write': admins,
  'telemetry.read': everyone,
  'telemetry.write': { ...admins, service: 'home' },
  /** Metrics that are kept encrypted because they say much about people. */
  'telemetry.sensitive': admins,
  /** Whole histories leave the hub, and with them what is said of people. */
  'telemetry.export': admins,
  'telemetry.delete': admins,
  'telemetry.sql': owner,
  /** What goes on acting when the one who asked has left: no guest's share is that long. */
  'schedules.write': household,
  'people.manage': admins,
  'shares.manage': admins,
  'join.manage': admins,
  'security.read': admins,
  'audit.read': admins,
  'tokens.manage': owner,
  'credentials.manage': owner,
  'secrets.manage': owner,
  'system.read': { ...admins, service: 'home' },
  'system.manage': owner,
  'self.read': { ...household, guest: 'home' },
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof permissions;

export const actions = Object.keys(permissions) as readonly Action[];

export const isAction = (value: string): value is Action => Object.hasOwn(permissions, value);

/** What a route asks of its caller: nothing, a device's own key, or the right to an action. */
export type Access = 'public' | 'device' | Action;

/** Who is calling, once that is known. */
export type Caller =
  | {
      readonly kind: 'person';
      readonly id: string;
      readonly name: string;
      readonly role: Role;
      readonly sessionId: string;
    }
  | {
      readonly kind: 'token';
      readonly id: string;
      readonly name: string;
      readonly role: Role;
      /** When given, only these of what the role may do. */
      readonly scopes?: readonly Action[];
    }
  /** The owner at the machine itself, through the control socket. */
  | { readonly kind: 'local'; readonly id: 'local'; readonly name: 'local'; readonly role: 'owner' }
  | {
      readonly kind: 'device';
      readonly id: string;
      readonly name: string;
      readonly role: 'device';
    };

/** How a caller is named in what is written down: `local`, `person:Anna`, `token:car`, `device:plug`. */
export const actorOf = (caller: Caller | undefined): string =>
  caller === undefined
    ? 'nobody'
    : caller.kind === 'local'
      ? 'local'
      : `${caller.kind}:${caller.name}`;

/** Who made something that outlives the request: by id, for a name may change. None at the machine. */
export const makerOf = (caller: Caller | undefined): string | undefined =>
  caller?.kind === 'person' || caller?.kind === 'token' ? `${caller.kind}:${caller.id}` : undefined;

export const localCaller: Caller = { kind: 'local', id: 'local', name: 'local', role: 'owner' };

/** Where this role may do this; undefined when nowhere. */
export const scopeOfRole = (role: Role, action: Action): Scope | undefined =>
  (permissions[action] as Rule)[role];

/** Where a caller may do this; undefined when nowhere. A token may no more than its scopes say. */
export function scopeOf(caller: Caller | undefined, action: Action): Scope | undefined {
  if (caller === undefined || caller.kind === 'device') return undefined;
  if (caller.kind === 'token' && caller.scopes && !caller.scopes.includes(action)) return undefined;
  return scopeOfRole(caller.role, action);
}

/** Whether it is the scopes of a token that keep its holder from what its role may. */
export const isOutOfScope = (caller: Caller | undefined, action: Action): boolean =>
  caller?.kind === 'token' &&
  scopeOf(caller, action) === undefined &&
  scopeOfRole(caller.role, action) !== undefined;

/** What a role may, here or there, in the order of the table. */
export const actionsOf = (role: Role): readonly Action[] =>
  actions.filter((action) => scopeOfRole(role, action) !== undefined);

/** Whether a caller may do this at all; with which devices is for `Sight` to say. */
export function may(caller: Caller | undefined, access: Access): boolean {
  if (access === 'public') return true;
  if (access === 'device') return caller?.kind === 'device';
  return scopeOf(caller, access) !== undefined;
}
