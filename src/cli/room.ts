import { HearthError } from '#kernel';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

export interface Room {
  readonly id: string;
  readonly name: string;
  readonly order: number;
}

export async function addRoom(
  at: Invocation,
  name: string,
  options: { readonly order?: string },
): Promise<void> {
  const order = options.order === undefined ? {} : { order: Number(options.order) };
  const room = await withHub(at, (hub) => hub.post<Room>('/rooms', { name, ...order }));
  at.answer(room, () => `${room.name} is added, as ${room.id}.`);
}

export async function listRooms(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ rooms: readonly Room[] }>('/rooms'));
  at.answer(answer, () =>
    answer.rooms.length === 0
      ? 'There are no rooms yet: hearth room add "Living room".'
      : at.table(
          ['id', 'name', 'order'],
          answer.rooms.map(({ id, name, order }) => [id, name, order]),
          ['name'],
        ),
  );
}

export async function removeRoom(at: Invocation, idOrName: string): Promise<void> {
  const room = await withHub(at, async (hub) => {
    const found = await findRoom(hub, idOrName);
    await hub.delete(`/rooms/${encodeURIComponent(found.id)}`);
    return found;
  });
  at.answer({ removed: room.id }, () => `${room.name} is removed; its devices stay.`);
}

/** The room that a person means, by id or by name. @throws HearthError `not_found`. */
export async function findRoom(hub: Hub, idOrName: string): Promise<Room> {
  const { rooms } = await hub.get<{ rooms: readonly Room[] }>('/rooms');
  const isNamed = ({ name }: Room) => name.toLowerCase() === idOrName.toLowerCase();
  const room = rooms.find(({ id }) => id === idOrName) ?? rooms.find(isNamed);
  if (room) return room;
  throw new HearthError('not_found', `there is no room "${idOrName}"`, {
    hint: `Add it: hearth room add "${idOrName}".`,
  });
}

/** Ids of the rooms by the names that are asked for; a room that is not there yet is made. */
export async function roomIds(
  hub: Hub,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  if (names.length === 0) return ids;
  const { rooms } = await hub.get<{ rooms: readonly Room[] }>('/rooms');
  for (const name of new Set(names)) {
    const known = rooms.find((room) => room.name.toLowerCase() === name.toLowerCase());
    const room = known ?? (await hub.post<Room>('/rooms', { name }));
    ids.set(name, room.id);
  }
  return ids;
}
