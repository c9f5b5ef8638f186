import type { Action, TypeDefinition } from '#devices';
import { isHearthError } from '#kernel';
import type { DevicePort, GroupPort } from './ports.ts';
import type { ScheduleRecord } from './record.ts';
import type { WeighedSchedule } from './resolve.ts';
import type { Place } from './time/place.ts';
import { never, type Timetable, timetableOf } from './time/timetable.ts';
import type { Word } from './types.ts';

/** A schedule with its timetable. */
export interface Entry {
  readonly record: ScheduleRecord;
  readonly timetable: Timetable;
  /** Why it can never speak as the hub is set now; undefined when it can. */
  readonly problem: string | undefined;
}

export interface BookOptions {
  readonly place: Place;
  readonly devices: Pick<DevicePort, 'exists' | 'definitionOf'>;
  readonly groups: GroupPort;
}

/** Every schedule in memory, and which devices each is for. */
export class Book {
  readonly #options: BookOptions;
  readonly #entries = new Map<string, Entry>();
  /** Made when it is asked for; void after every change. */
  #byDevice: Map<string, Entry[]> | undefined;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** In the order they were made. */
  list(): Entry[] {
    return [...this.#entries.values()];
  }

  find(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  put(record: ScheduleRecord): Entry {
    const entry = { record, ...this.#timetable(record) };
    this.#entries.set(record.id, entry);
    this.#byDevice = undefined;
    return entry;
  }

  remove(id: string): void {
    this.#entries.delete(id);
    this.#byDevice = undefined;
  }

  /** Who is in a group, or which devices there are, has changed. */
  devicesChanged(): void {
    this.#byDevice = undefined;
  }

  /** The devices that a schedule is for now. */
  devicesOf({ deviceId, groupId }: Pick<ScheduleRecord, 'deviceId' | 'groupId'>): string[] {
    const { devices, groups } = this.#options;
    if (deviceId !== null) return devices.exists(deviceId) ? [deviceId] : [];
    if (groupId === null || !groups.exists(groupId)) return [];
    return groups.members(groupId).filter((id) => devices.exists(id));
  }

  /** The schedules of a device, its groups' included, in the order they were made. */
  ofDevice(deviceId: string): readonly Entry[] {
    this.#byDevice ??= this.#index();
    return this.#byDevice.get(deviceId) ?? [];
  }

  /** The same, as they are weighed for it. */
  weighedFor(deviceId: string): WeighedSchedule[] {
    const entries = this.ofDevice(deviceId);
    if (entries.length === 0) return [];
    const definition = this.#options.devices.definitionOf(deviceId);
    return entries.map(({ record, timetable }) => ({
      id: record.id,
      enabled: record.enabled,
      createdAtMs: record.createdAtMs,
      effectiveFromMs: record.effectiveFromMs,
      timetable,
      word: wordOf(record),
      endWord: endWordOf(record, definition),
    }));
  }

  /** What a window's end does to a device; undefined when it leaves it as it is. */
  endActionOf(record: ScheduleRecord, deviceId: string | undefined): Action | undefined {
    if (deviceId === undefined) return undefined;
    return endActionOf(record, this.#options.devices.definitionOf(deviceId));
  }

  #index(): Map<string, Entry[]> {
    const byDevice = new Map<string, Entry[]>();
    for (const entry of this.#entries.values()) {
      for (const deviceId of this.devicesOf(entry.record)) {
        const entries = byDevice.get(deviceId) ?? [];
        entries.push(entry);
        byDevice.set(deviceId, entries);
      }
    }
    return byDevice;
  }

  /** A schedule by the sun stays, and is silent, when the home's coordinates are taken away. */
  #timetable({ rule }: ScheduleRecord): { timetable: Timetable; problem: string | undefined } {
    try {
      return { timetable: timetableOf(rule, this.#options.place), problem: undefined };
    } catch (error) {
      if (!isHearthError(error)) throw error;
      return { timetable: never, problem: `${error.message}. ${error.hint ?? ''}`.trim() };
    }
  }
}

const wordOf = ({ action, value }: Action): Word =>
  value === undefined || value === null
    ? { kind: 'action', action }
    : { kind: 'action', action, value };

function endActionOf({ endAction }: ScheduleRecord, { power }: TypeDefinition): Action | undefined {
  if (endAction !== 'default') return endAction ?? undefined;
  return power && { action: power.off };
}

function endWordOf(record: ScheduleRecord, definition: TypeDefinition): Word | undefined {
  const action = endActionOf(record, definition);
  return action && wordOf(action);
}
