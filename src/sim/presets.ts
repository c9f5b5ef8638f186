import { type ProfileName, profiles } from './profiles.ts';

/** One device that a run needs: its id in the registry and what it pretends to be. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly profile: ProfileName;
  /** Name of the room it stands in. */
  readonly room?: string;
}

/** How many of each kind live in a home, an office, a factory. */
export const presets = {
  home: { plug: 3, sensor: 3, purifier: 1, lock: 1, camera: 1 },
  office: { plug: 6, sensor: 4, purifier: 2, lock: 2, camera: 2 },
  factory: { plug: 12, sensor: 12, purifier: 2, lock: 2, camera: 2 },
} as const satisfies Record<string, Partial<Record<ProfileName, number>>>;
export type PresetName = keyof typeof presets;

/** Where the devices of a preset stand: the first of each kind in the first room of its kind, and so on. */
const rooms = {
  home: {
    plug: ['Kitchen', 'Living room', 'Bedroom'],
    sensor: ['Living room', 'Bedroom', 'Kitchen'],
    purifier: ['Bedroom'],
    lock: ['Hall'],
    camera: ['Hall'],
  },
  office: {
    plug: ['Open office', 'Kitchen', 'Meeting room'],
    sensor: ['Open office', 'Meeting room'],
    purifier: ['Open office', 'Meeting room'],
    lock: ['Entrance'],
    camera: ['Entrance', 'Open office'],
  },
  factory: {
    plug: ['Hall A', 'Hall B', 'Workshop'],
    sensor: ['Hall A', 'Hall B', 'Store'],
    purifier: ['Workshop', 'Office'],
    lock: ['Gate', 'Store'],
    camera: ['Gate', 'Hall A'],
  },
} as const satisfies Record<PresetName, Record<ProfileName, readonly string[]>>;

/** The devices of a preset, under ids that stay the same from run to run: `sim-plug-1` … */
export const membersOfPreset = (preset: PresetName): Member[] =>
  Object.entries(presets[preset]).flatMap(([name, count]) => {
    const profile = name as ProfileName;
    const inTurn: readonly string[] = rooms[preset][profile];
    return membersOfKind(profile, count).map((member, index): Member => {
      const room = inTurn[index % inTurn.length];
      return room === undefined ? member : { ...member, room };
    });
  });

export const membersOfKind = (profile: ProfileName, count: number): Member[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `sim-${profile}-${index + 1}`,
    name: `Simulated ${profiles[profile].type} ${index + 1}`,
    profile,
  }));
