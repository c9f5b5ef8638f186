export type { DevicePort, DuePort, ReadingNews, Send, Sign, StatusNews } from './ports.ts';
export type { CommandsOptions } from './service.ts';
export { Commands } from './service.ts';
export { shownTo } from './shown.ts';
export type {
  Command,
  CommandHistoryEntry,
  CommandRequest,
  CommandSource,
  CommandStatus,
  ManualWord,
  OtherAck,
  StrayAnswer,
  WaitUntil,
} from './types.ts';
export { waitUntils } from './types.ts';
