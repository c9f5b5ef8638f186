import { call, segment } from './api.ts';
import type {
  Action,
  Alert,
  Command,
  Group,
  Override,
  Run,
  Scene,
  Schedule,
  ScheduleInput,
  TypeDefinition,
  Why,
} from './control-wire.ts';

const device = (id: string): string => `/devices/${segment(id)}`;
const schedule = (id: string): string => `/schedules/${segment(id)}`;

/** How long the hub may wait for the devices of a scene before it answers. */
const sceneWait = '10s';

/** Every request about what devices are told to do. */
export const control = {
  types: async () =>
    (await call<{ device_types: TypeDefinition[] }>('GET', '/device-types')).device_types,

  send: (id: string, action: Action) => call<Command>('POST', `${device(id)}/commands`, action),
  cancel: (commandId: string) => call<Command>('DELETE', `/commands/${segment(commandId)}`),
  commands: async (id: string, limit: number) =>
    (await call<{ commands: Command[] }>('GET', `${device(id)}/commands?limit=${limit}`)).commands,
  lastCommands: async (limit: number) =>
    (await call<{ commands: Command[] }>('GET', `/commands?limit=${limit}`)).commands,

  /** Every one of a device, newest first: a list is no error when nothing runs. */
  overrides: async (id: string) =>
    (await call<{ overrides: Override[] }>('GET', `${device(id)}/overrides`)).overrides,
  startOverride: (id: string, action: Action, minutes: number) =>
    call<Override>('POST', `${device(id)}/override`, { ...action, durationMinutes: minutes }),
  extendOverride: (id: string, minutes: number) =>
    call<Override>('PATCH', `${device(id)}/override`, { extendMinutes: minutes }),
  stopOverride: (id: string) => call<Override>('DELETE', `${device(id)}/override`),

  why: (id: string) => call<Why>('GET', `${device(id)}/why`),

  schedules: async () => (await call<{ schedules: Schedule[] }>('GET', '/schedules')).schedules,
  schedule: (id: string) => call<Schedule>('GET', schedule(id)),
  addSchedule: (input: ScheduleInput) => call<Schedule>('POST', '/schedules', input),
  changeSchedule: (id: string, input: ScheduleInput) =>
    call<Schedule>('PATCH', schedule(id), input),
  removeSchedule: (id: string) => call<undefined>('DELETE', schedule(id)),

  groups: async () => (await call<{ groups: Group[] }>('GET', '/groups')).groups,
  scenes: async () => (await call<{ scenes: Scene[] }>('GET', '/scenes')).scenes,
  runScene: (id: string) => call<Run>('POST', `/scenes/${segment(id)}/run?wait=${sceneWait}`, {}),

  alerts: async () => (await call<{ alerts: Alert[] }>('GET', '/alerts?limit=100')).alerts,
};
