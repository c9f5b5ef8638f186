import type { Share } from './people-wire.ts';
import { dayAndTime } from './time.ts';
import type { Room } from './wire.ts';

/** What is shared: the name of a device, or a room with all that is in it. */
export function sharedWhat(
  { device_id, room }: Pick<Share, 'device_id' | 'room'>,
  devices: ReadonlyMap<string, { readonly name: string }>,
  rooms: readonly Pick<Room, 'id' | 'name'>[],
): string {
  if (device_id !== null) return devices.get(device_id)?.name ?? device_id;
  const name = rooms.find(({ id }) => id === room)?.name;
  return name === undefined ? 'A room' : `Everything in ${name}`;
}

/** How far: `May control it, until Sunday 20:00`. */
export function sharedHow(
  { access, until }: Pick<Share, 'access' | 'until'>,
  nowMs: number,
): string {
  const what = access === 'control' ? 'To look and control' : 'To look';
  return until === null ? what : `${what}, until ${dayAndTime(Date.parse(until), nowMs)}`;
}

/** `device:kettle` or `room:01m7`, as a choice holds it. */
export function targetOf(text: string): { readonly device_id: string } | { readonly room: string } {
  const at = text.indexOf(':');
  const id = text.slice(at + 1);
  return text.startsWith('room:') ? { room: id } : { device_id: id };
}
