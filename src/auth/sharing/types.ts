import type { Role } from '../access.ts';
import type { ShareAccess } from '../sight.ts';

/** What is shared with a person, and until when. Times are milliseconds since 1970 UTC. */
export interface Share {
  readonly id: string;
  readonly personId: string;
  readonly target: ShareTarget;
  readonly access: ShareAccess;
  /** Undefined: for good. */
  readonly untilMs: number | undefined;
  /** Who gave it, as the audit names them. */
  readonly givenBy: string;
  readonly createdAtMs: number;
}

/** One device, or whatever stands in a room at the time. */
export type ShareTarget =
  | { readonly kind: 'device'; readonly id: string }
  | { readonly kind: 'room'; readonly id: string };

export interface NewShare {
  readonly personId: string;
  readonly target: ShareTarget;
  readonly access: ShareAccess;
  readonly untilMs: number | undefined;
}

/** Who asks, and from where: an address, `control socket`, or empty. */
export interface Requester {
  readonly actor: string;
  readonly origin?: string | undefined;
}

export interface ShareFilter {
  readonly personId?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly room?: string | undefined;
}

/** What this folder needs of the people. */
export interface PeoplePort {
  get(id: string): { readonly name: string; readonly role: Role } | undefined;
}

/** What this folder needs of the devices. */
export interface PlacesPort {
  exists(deviceId: string): boolean;
  /** The id of the room that a device stands in; null for none, undefined for no such device. */
  roomOf(deviceId: string): string | null | undefined;
  devicesIn(roomId: string): readonly string[];
  readonly rooms: { list(): readonly { readonly id: string }[] };
}
