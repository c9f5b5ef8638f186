/** Scenes and runs as a caller may see them: an object as value is for those who may control. */

import type { Caller } from '#auth';
import { shownTo } from '#commands';
import type { Run, Scene } from './types.ts';

export const sceneFor = (caller: Caller | undefined, scene: Scene): Scene => ({
  ...scene,
  commands: scene.commands.map((command) => shownTo(caller, command)),
});

export const runFor = (caller: Caller | undefined, run: Run): Run => ({
  ...run,
  commands: run.commands.map((command) => shownTo(caller, command)),
});
