import type { AuditPort } from '#auth';
import { HearthError } from '#kernel';
import { type By, byHub } from './by.ts';
import type { RoomChanges } from './schema.ts';
import type { DeviceStore } from './store.ts';
import type { Room } from './types.ts';

const mostRooms = 200;

/** The rooms of the home, in the order their owner likes. */
export class Rooms {
  readonly #store: DeviceStore;
  readonly #audit: AuditPort;
  readonly #onRemoved: (roomId: string) => void;

  constructor(store: DeviceStore, audit: AuditPort, onRemoved: (roomId: string) => void) {
    this.#store = store;
    this.#audit = audit;
    this.#onRemoved = onRemoved;
  }

  list(): Room[] {
    return this.#store.rooms();
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Room {
    const room = this.list().find((candidate) => candidate.id === id);
    if (room === undefined) {
      throw new HearthError('not_found', `there is no room "${id.slice(0, 64)}"`, {
        field: 'room',
        hint: 'GET /api/v1/rooms lists the rooms.',
      });
    }
    return room;
  }

  /** @throws HearthError `unprocessable` naming `room` when a device is to go where no room is. */
  check(id: string | null | undefined): void {
    if (id === null || id === undefined) return;
    if (this.list().some((room) => room.id === id)) return;
    throw new HearthError('unprocessable', `room is "${id.slice(0, 64)}": there is no such room`, {
      field: 'room',
      hint: 'Make the room first, or give null for none.',
    });
  }

  /** Makes a room; its id is its name in plain letters. @throws HearthError `conflict` on a name that is taken. */
  create(input: { name: string; order?: number | undefined }, by: By = byHub): Room {
    const rooms = this.list();
    this.#checkName(rooms, input.name);
    if (rooms.length >= mostRooms) {
      throw new HearthError('unprocessable', `a home has at most ${mostRooms} rooms`);
    }
    const last = rooms.at(-1);
    const room: Room = {
      id: freeId(slug(input.name), rooms),
      name: input.name,
      order: input.order ?? (last === undefined ? 0 : last.order + 1),
    };
    this.#put(room, 'room.add', by);
    return room;
  }

  /** @throws HearthError `not_found`, `conflict`. */
  update(id: string, changes: RoomChanges, by: By = byHub): Room {
    const before = this.get(id);
    const room: Room = {
      id,
      name: changes.name ?? before.name,
      order: changes.order ?? before.order,
    };
    const others = this.list().filter((other) => other.id !== id);
    this.#checkName(others, room.name);
    this.#put(room, 'room.update', by);
    return room;
  }

  /** Removes a room; its devices stay, in no room. @throws HearthError `not_found`. */
  remove(id: string, by: By = byHub): void {
    const { name } = this.get(id);
    this.#store.atomically(() => {
      this.#store.removeRoom(id);
      this.#note('room.remove', id, { name }, by);
    });
    this.#onRemoved(id);
  }

  #put(room: Room, action: string, by: By): void {
    this.#store.atomically(() => {
      this.#store.putRoom(room);
      this.#note(action, room.id, { name: room.name, order: room.order }, by);
    });
  }

  #note(action: string, id: string, detail: Readonly<Record<string, unknown>>, by: By): void {
    this.#audit.append({ ...by, action, subject: `room:${id}`, outcome: 'ok', detail });
  }

  #checkName(rooms: readonly Room[], name: string): void {
    if (!rooms.some((room) => room.name.toLowerCase() === name.toLowerCase())) return;
    throw new HearthError('conflict', `there is a room "${name}" already`, { field: 'name' });
  }
}

/** `Living Room` → `living-room`, `Küche` → `kuche`; `room` when nothing of it is left. */
const slug = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'room';

function freeId(wanted: string, rooms: readonly Room[]): string {
  const taken = new Set(rooms.map((room) => room.id));
  let id = wanted;
  for (let i = 2; taken.has(id); i++) id = `${wanted}-${i}`;
  return id;
}
