export type { LiveEvent, ServerMessage } from './messages.ts';
export type { RealtimeOptions, Reauthenticate } from './service.ts';
export { Realtime } from './service.ts';
