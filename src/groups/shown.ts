/** Groups, scenes and runs as somebody may see them. What is of several devices is seen with all of them. */

import { type Sight, seesEvery } from '#auth';
import { shownTo } from '#commands';
import type { Run, Scene, SceneCommand } from './types.ts';

/** What is asked of the groups: who is in them. */
interface Membership {
  exists(groupId: string): boolean;
  members(groupId: string): readonly string[];
}

const devicesOfCommand = (groups: Membership, command: SceneCommand): readonly string[] => {
  const { device_id, group_id } = command;
  if (device_id !== null) return [device_id];
  return group_id !== null && groups.exists(group_id) ? groups.members(group_id) : [];
};

/** The ids of the devices that a scene speaks to, by itself or through its groups; each once. */
export const devicesOfScene = (groups: Membership, scene: Scene): readonly string[] => [
  ...new Set(scene.commands.flatMap((command) => devicesOfCommand(groups, command))),
];

/** Also of a group that is empty, whose name is nobody's but of those who see all. */
export const seesScene = (sight: Sight, groups: Membership, scene: Scene): boolean =>
  sight.seesAll ||
  (scene.commands.length > 0 &&
    scene.commands.every((command) => seesEvery(sight, devicesOfCommand(groups, command))));

/** An object as value is for those who may control what it is for. */
export const sceneFor = (sight: Sight, groups: Membership, scene: Scene): Scene => ({
  ...scene,
  commands: scene.commands.map((command) =>
    shownTo(sight, devicesOfCommand(groups, command), command),
  ),
});

export const seesRun = (sight: Sight, { commands, refused }: Run): boolean =>
  seesEvery(
    sight,
    [...commands, ...refused].map(({ device_id }) => device_id),
  );

export const runFor = (sight: Sight, run: Run): Run => ({
  ...run,
  commands: run.commands.map((command) => shownTo(sight, [command.device_id], command)),
});
