/** Who may do what: one table. Whatever is not written here is refused. */

export const roles = ['owner', 'admin', 'member', 'guest', 'service'] as const;
export type Role = (typeof roles)[number];

export const isRole = (value: string): value is Role =>
  (roles as readonly string[]).includes(value);

const permissions = {
  'devices.read': ['owner', 'admin', 'member', 'guest', 'service'],
  'devices.write': ['owner', 'admin'],
  'devices.control': ['owner', 'admin', 'member', 'service'],
  'telemetry.read': ['owner', 'admin', 'member', 'guest', 'service'],
  'telemetry.write': ['owner', 'admin', 'service'],
  'security.read': ['owner', 'admin'],
  'tokens.manage': ['owner'],
  'credentials.manage': ['owner'],
  'system.read': ['owner', 'admin', 'service'],
  'system.manage': ['owner'],
  'self.read': ['owner', 'admin', 'member', 'guest', 'service'],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof permissions;

/** What a route asks of its caller: nothing, a device's own key, or the right to an action. */
export type Access = 'public' | 'device' | Action;

/** Who is calling, once that is known. */
export type Caller =
  | { readonly kind: 'person'; readonly id: string; readonly name: string; readonly role: Role }
  | { readonly kind: 'token'; readonly id: string; readonly name: string; readonly role: Role }
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

export const localCaller: Caller = { kind: 'local', id: 'local', name: 'local', role: 'owner' };

export function may(caller: Caller | undefined, access: Access): boolean {
  if (access === 'public') return true;
  if (caller === undefined) return false;
  if (access === 'device') return caller.kind === 'device';
  if (caller.role === 'device') return false;
  return (permissions[access] as readonly Role[]).includes(caller.role);
}
