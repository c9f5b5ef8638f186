export type { DevicePort, DuePort, ReadingNews, Send, Sign, StatusNews } from './ports.ts';
export type { CommandsOptions } from './service.ts';
export { Commands } from './service.ts';
export type {
  Command,
  CommandHistoryEntry,
  CommandRequest,
  CommandSource,
  CommandStatus,
  ManualWord,
  OtherAck,
} from './types.ts';
