import type { Group, Schedule, TypeDefinition } from './control-wire.ts';
import { commonDefinition } from './definitions.ts';
import type { Device } from './wire.ts';

/** What schedules can be for, and what each can do. */
export interface Targets {
  readonly devices: ReadonlyMap<string, Device>;
  readonly groups: readonly Group[];
  /** Whether the hub has said yet which groups and types there are. */
  readonly isKnown: boolean;
  readonly definitionOf: (type: string) => TypeDefinition | undefined;
}

type For = Pick<Schedule, 'device_id' | 'group_id'>;

/** What a schedule is for, by name. */
export function targetName({ device_id, group_id }: For, { devices, groups }: Targets): string {
  if (device_id !== null) return devices.get(device_id)?.name ?? device_id;
  return groups.find(({ id }) => id === group_id)?.name ?? group_id ?? '';
}

/** What it can do: what all of its devices can. */
export function targetDefinition(
  { device_id, group_id }: For,
  { devices, groups, definitionOf }: Targets,
): TypeDefinition | undefined {
  const ids =
    device_id !== null ? [device_id] : (groups.find(({ id }) => id === group_id)?.devices ?? []);
  const definitions = ids.map((id) => {
    const device = devices.get(id);
    return device && definitionOf(device.type);
  });
  return commonDefinition(definitions.filter((definition) => definition !== undefined));
}

/** `device:ID` and `group:ID`, as a choice in a form spells them. */
export function targetFrom(text: string): For {
  const [, kind, id = ''] = /^(device|group):(.*)$/.exec(text) ?? [];
  return {
    device_id: kind === 'device' ? id : null,
    group_id: kind === 'group' ? id : null,
  };
}

/** Schedules by what they are for, by name; of each in the order in which they were made. */
export function byTarget(
  schedules: readonly Schedule[],
  targets: Targets,
): { readonly key: string; readonly name: string; readonly schedules: readonly Schedule[] }[] {
  const found = new Map<string, Schedule[]>();
  for (const schedule of schedules) {
    const { device_id, group_id } = schedule;
    const key = device_id === null ? `group:${group_id}` : `device:${device_id}`;
    found.set(key, [...(found.get(key) ?? []), schedule]);
  }
  return [...found]
    .map(([key, own]) => ({ key, name: targetName(targetFrom(key), targets), schedules: own }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
