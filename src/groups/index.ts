export type { GroupsOptions } from './service.ts';
export { Groups } from './service.ts';
export { devicesOfScene } from './shown.ts';
export type {
  CombinedStatus,
  CommandPort,
  DevicePort,
  Group,
  GroupChange,
  Refusal,
  Run,
  Scene,
  SceneChange,
  SceneCommand,
} from './types.ts';
