import type { Device, Room } from './wire.ts';

export interface RoomGroup {
  /** Empty for the devices that stand in no room. */
  readonly id: string;
  readonly name: string;
  readonly devices: readonly Device[];
}

/** Devices by room, in the order of the rooms; those without one come last. Empty rooms are left out. */
export function groupByRoom(devices: Iterable<Device>, rooms: readonly Room[]): RoomGroup[] {
  const byRoom = new Map<string, Device[]>();
  for (const device of devices) {
    const known = rooms.some((room) => room.id === device.room);
    const id = known && device.room !== null ? device.room : '';
    byRoom.set(id, [...(byRoom.get(id) ?? []), device]);
  }
  const roomless = byRoom.size === 1 && byRoom.has('') ? 'Devices' : 'Not in a room yet';
  return [...rooms, { id: '', name: roomless }].flatMap(({ id, name }) => {
    const inside = byRoom.get(id);
    if (!inside) return [];
    return [{ id, name, devices: inside.sort((a, b) => a.name.localeCompare(b.name)) }];
  });
}

/** What all plugs together draw at this moment, in watts; undefined when nothing measures power. */
export function powerNow(devices: Iterable<Device>): number | undefined {
  let sum: number | undefined;
  for (const device of devices) {
    const power = device.latest?.power;
    if (typeof power === 'number' && device.status === 'online') sum = (sum ?? 0) + power;
  }
  return sum;
}
