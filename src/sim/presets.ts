import { type ProfileName, profiles } from './profiles.ts';

/** One device that a run needs: its id in the registry and what it pretends to be. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly profile: ProfileName;
}

/** How many of each kind live in a home, an office, a factory. */
export const presets = {
  home: { plug: 3, sensor: 3, purifier: 1, lock: 1, camera: 1 },
  office: { plug: 6, sensor: 4, purifier: 2, lock: 2, camera: 2 },
  factory: { plug: 12, sensor: 12, purifier: 2, lock: 2, camera: 2 },
} as const satisfies Record<string, Partial<Record<ProfileName, number>>>;
export type PresetName = keyof typeof presets;

/** The devices of a preset, under ids that stay the same from run to run: `sim-plug-1` … */
export const membersOfPreset = (preset: PresetName): Member[] =>
  Object.entries(presets[preset]).flatMap(([profile, count]) =>
    membersOfKind(profile as ProfileName, count),
  );

export const membersOfKind = (profile: ProfileName, count: number): Member[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `sim-${profile}-${index + 1}`,
    name: `Simulated ${profiles[profile].type} ${index + 1}`,
    profile,
  }));
