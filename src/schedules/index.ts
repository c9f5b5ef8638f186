export type { ScheduleChange, SchedulesOptions } from './service.ts';
export { Schedules } from './service.ts';
export type { OverrideWord, Word } from './types.ts';
