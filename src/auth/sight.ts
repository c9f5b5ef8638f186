import { HearthError } from '#kernel';
import { type Caller, may, scopeOfRole } from './access.ts';

/**
 * Which devices there are for a caller. What somebody does not see does not exist for them, in any
 * answer. Asked anew each time: a share that ends takes its devices along at once.
 */
export interface Sight {
  readonly seesAll: boolean;
  sees(deviceId: string): boolean;
  /** Whether the caller may tell the device what to do. Whoever controls a device sees it. */
  controls(deviceId: string): boolean;
  /** Whether the caller is told what was refused to the devices that are seen. */
  readonly seesRefusals: boolean;
  /** The ids of the devices that are seen; undefined for whoever sees all. */
  only(): readonly string[] | undefined;
}

/** Makes the sight of a caller. */
export type SightOf = (caller: Caller | undefined) => Sight;

export type ShareAccess = 'read' | 'control';

/** What is shared with a person at this moment. */
export interface SharedWith {
  accessTo(personId: string, deviceId: string): ShareAccess | undefined;
  devicesOf(personId: string): readonly string[];
}

const blind: Sight = {
  seesAll: false,
  seesRefusals: false,
  sees: () => false,
  controls: () => false,
  only: () => [],
};

/** The sight of a caller; without `shared` whoever depends on shares sees nothing. */
export function sightWith(caller: Caller | undefined, shared?: SharedWith): Sight {
  if (caller === undefined) return blind;
  const { id } = caller;
  if (caller.kind === 'device') {
    return { ...blind, sees: (deviceId) => deviceId === id, only: () => [id] };
  }
  // What a scope of a token leaves out is the guard's to refuse: its role says where it looks.
  const mayControl = may(caller, 'devices.control');
  const seesRefusals = may(caller, 'security.read');
  if (scopeOfRole(caller.role, 'devices.read') === 'home') {
    return {
      seesAll: true,
      seesRefusals,
      sees: () => true,
      controls: () => mayControl,
      only: () => undefined,
    };
  }
  // Nothing is shared with a token.
  if (caller.kind !== 'person' || shared === undefined) return blind;
  return {
    seesAll: false,
    seesRefusals,
    sees: (deviceId) => shared.accessTo(id, deviceId) !== undefined,
    controls: (deviceId) => mayControl && shared.accessTo(id, deviceId) === 'control',
    only: () => shared.devicesOf(id),
  };
}

interface Asked {
  get(key: 'caller'): Caller | undefined;
  get(key: 'sight'): Sight | undefined;
}

/** The sight of whoever sent a request; where nobody put one beside it, as without shares. */
export const sightOf = (context: Asked): Sight =>
  context.get('sight') ?? sightWith(context.get('caller'));

/** Whether something that is made of several devices exists for a caller: when each of them does. */
export const seesEvery = (sight: Sight, deviceIds: readonly string[]): boolean =>
  sight.seesAll || (deviceIds.length > 0 && deviceIds.every((id) => sight.sees(id)));

/** Refuses whoever may not control each of these. @throws HearthError `forbidden`. */
export function requireControl(sight: Sight, deviceIds: readonly string[]): void {
  if (deviceIds.every((id) => sight.controls(id))) return;
  throw new HearthError('forbidden', 'this was shared with you to look at, not to control', {
    hint: 'Ask the owner of this home to share it for control.',
  });
}

/** What everyone is told of a device that is not there, or not for them. */
export const unknownDevice = (deviceId: string): HearthError =>
  new HearthError('not_found', `there is no device "${deviceId.slice(0, 64)}"`, {
    field: 'id',
    hint: 'The list of devices has all that you see: GET /api/v1/devices.',
  });
