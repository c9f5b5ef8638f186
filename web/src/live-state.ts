import type { Alert, Command, Override, StateMap } from './control-wire.ts';
import type { Device, ServerMessage, Value } from './wire.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting';

/** What the page knows of the home at this moment. */
export interface LiveState {
  readonly connection: Connection;
  readonly home: string;
  /** By id. Empty until the first welcome. */
  readonly devices: ReadonlyMap<string, Device>;
  /** The ids of those that one may control, where that is not all of them. */
  readonly controls: ReadonlySet<string> | null;
  /** What each device is like: of each property what it said last, by a reading or otherwise. */
  readonly states: ReadonlyMap<string, StateMap>;
  /** The last commands of each device that were heard of, newest first. */
  readonly commands: ReadonlyMap<string, readonly Command[]>;
  /** What ran for a while last, by device: it may be over. */
  readonly overrides: ReadonlyMap<string, Override>;
  /** Newest first. */
  readonly alerts: readonly Alert[];
  /** How often each was heard to have changed: whoever shows them asks for them anew. */
  readonly changes: { readonly schedule: number; readonly scene: number; readonly group: number };
  readonly welcomed: boolean;
  /** How often the hub has said welcome: after each, what is not in a welcome is asked for anew. */
  readonly welcomes: number;
  /** Add this to the browser's clock to get the hub's, in milliseconds. */
  readonly clockOffsetMs: number;
}

export const nothingYet: LiveState = {
  connection: 'connecting',
  home: '',
  devices: new Map(),
  controls: null,
  states: new Map(),
  commands: new Map(),
  overrides: new Map(),
  alerts: [],
  changes: { schedule: 0, scene: 0, group: 0 },
  welcomed: false,
  welcomes: 0,
  clockOffsetMs: 0,
};

const mostCommands = 20;
const mostAlerts = 100;

/** The state after a message: the only place where the live view changes its mind. */
export function afterMessage(state: LiveState, message: ServerMessage, nowMs: number): LiveState {
  switch (message.type) {
    case 'welcome':
      return {
        ...nothingYet,
        connection: 'live',
        home: message.home,
        devices: new Map(message.devices.map((device) => [device.id, device])),
        controls: message.controls ? new Set(message.controls) : null,
        states: new Map(message.devices.map((device) => [device.id, stateAtFirst(device)])),
        changes: state.changes,
        welcomed: true,
        welcomes: state.welcomes + 1,
        clockOffsetMs: (Date.parse(message.server_time) || nowMs) - nowMs,
      };
    case 'device':
      return withDevice(state, message);
    case 'telemetry':
      return withTelemetry(state, message, nowMs);
    case 'command':
      return { ...state, commands: withCommand(state.commands, message.command, 'newer') };
    case 'override':
      return { ...state, overrides: withOverride(state.overrides, message.override) };
    case 'alert': {
      const others = state.alerts.filter(({ id }) => id !== message.alert.id);
      return { ...state, alerts: [message.alert, ...others].slice(0, mostAlerts) };
    }
    case 'schedule':
    case 'scene':
    case 'group': {
      const { changes } = state;
      return { ...state, changes: { ...changes, [message.type]: changes[message.type] + 1 } };
    }
    default:
      return state;
  }
}

/** What was asked for after a welcome. What was heard meanwhile is newer than any of it. */
export interface Catching {
  readonly commands?: readonly Command[];
  readonly overrides?: readonly Override[];
  /** The answer to someone who has just begun, moved or ended it. */
  readonly override?: Override;
  readonly alerts?: readonly Alert[];
  /** What a device is like, in the hub's own words. */
  readonly device?: { readonly id: string; readonly state: StateMap };
}

export function afterCatching(state: LiveState, caught: Catching): LiveState {
  let { commands, overrides, states } = state;
  for (const command of caught.commands ?? []) commands = withCommand(commands, command, 'older');
  for (const override of caught.overrides ?? []) {
    if (!overrides.has(override.device_id)) overrides = withOverride(overrides, override);
  }
  if (caught.override) overrides = withOverride(overrides, caught.override);
  if (caught.device) states = new Map(states).set(caught.device.id, caught.device.state);
  const known = new Set(state.alerts.map(({ id }) => id));
  const missed = (caught.alerts ?? []).filter(({ id }) => !known.has(id));
  const alerts = [...state.alerts, ...missed].slice(0, mostAlerts);
  return { ...state, commands, overrides, states, alerts };
}

type Message<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>;

function withDevice(state: LiveState, { change, device }: Message<'device'>): LiveState {
  const devices = new Map(state.devices);
  const states = new Map(state.states);
  const before = devices.get(device.id);
  if (change === 'removed') {
    devices.delete(device.id);
    states.delete(device.id);
    return { ...state, devices, states };
  }
  devices.set(device.id, device);
  const told = before ? news(before.reported, device.reported) : stateAtFirst(device);
  states.set(device.id, { ...states.get(device.id), ...told });
  return { ...state, devices, states };
}

/** What is controlled stands in `reported` as it was said last, in a reading or otherwise. */
const stateAtFirst = ({ latest, reported }: Device): StateMap => {
  if (latest === null) return reported;
  const { timestamp: _, ...values } = latest;
  return { ...values, ...reported };
};

/** What a device has just said: of all that it ever reported, what is other than before. */
const news = (before: StateMap, after: StateMap): StateMap =>
  Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));

function withTelemetry(state: LiveState, reading: Message<'telemetry'>, nowMs: number): LiveState {
  const device = state.devices.get(reading.device_id);
  if (!device) return state;
  const { id } = device;
  const devices = new Map(state.devices);
  devices.set(id, withReading(device, reading, nowMs + state.clockOffsetMs));
  const known: StateMap = { ...state.states.get(id), ...reading.values };
  return { ...state, devices, states: new Map(state.states).set(id, known) };
}

function withReading(
  device: Device,
  reading: { readonly timestamp: string; readonly values: Readonly<Record<string, Value>> },
  hubNowMs: number,
): Device {
  // A reading that was late must not put an older time above newer values.
  const newest =
    device.latest && Date.parse(device.latest.timestamp) > Date.parse(reading.timestamp)
      ? device.latest.timestamp
      : reading.timestamp;
  return {
    ...device,
    last_seen: new Date(hubNowMs).toISOString(),
    latest: { ...device.latest, ...reading.values, timestamp: newest },
  };
}

type Commands = LiveState['commands'];

/** Adds a command, or what became of it; one that is `older` news never replaces what is known. */
function withCommand(commands: Commands, command: Command, news: 'newer' | 'older'): Commands {
  const own = commands.get(command.device_id) ?? [];
  const isKnown = own.some(({ id }) => id === command.id);
  if (isKnown && news === 'older') return commands;
  const others = own.filter(({ id }) => id !== command.id);
  // Both times and ids can be sorted as they are spelled.
  const rank = ({ created_at, id }: Command) => `${created_at} ${id}`;
  const all = [...others, command].sort((a, b) => (rank(a) < rank(b) ? 1 : -1));
  return new Map(commands).set(command.device_id, all.slice(0, mostCommands));
}

function withOverride(overrides: LiveState['overrides'], override: Override) {
  const before = overrides.get(override.device_id);
  // The end of one that was replaced says nothing of the one that runs, and an end is the last word.
  const isOther = before !== undefined && before.id !== override.id;
  if (override.status !== 'active' && isOther) return overrides;
  if (override.status === 'active' && before?.id === override.id && before.status !== 'active')
    return overrides;
  return new Map(overrides).set(override.device_id, override);
}

/** What runs for a while on a device now, if anything does. */
export function runningOverride(state: LiveState, deviceId: string): Override | undefined {
  const override = state.overrides.get(deviceId);
  return override?.status === 'active' ? override : undefined;
}
