import { type Profile, round } from './profile.ts';

const seconds = 1000;
const minutes = 60 * seconds;

/** A smart plug: what it measures hangs together, as power is voltage times current. */
const plug: Profile = {
  type: 'plug',
  everyMs: 5 * seconds,
  walks: {
    voltage: { start: 230, low: 216, high: 246, step: 0.8 },
    load: { start: 120, low: 0.4, high: 2300, step: 25 },
  },
  settings: { relay_state: { start: true } },
  actions: {
    relay_on: { sets: { relay_state: true } },
    relay_off: { sets: { relay_state: false } },
    turnOn: { sets: { relay_state: true } },
    turnOff: { sets: { relay_state: false } },
  },
  metrics: {
    voltage: ({ walk }) => round(walk('voltage'), 2),
    current: ({ walk, on }) => (on('relay_state') ? round(walk('load') / walk('voltage'), 3) : 0),
    power: ({ walk, on }) => (on('relay_state') ? round(walk('load'), 1) : 0),
    relay_state: ({ on }) => on('relay_state'),
  },
};

/** An air purifier: a faster fan is louder and leaves less in the air. */
const purifier: Profile = {
  type: 'purifier',
  everyMs: 2 * minutes,
  walks: {
    temperature: { start: 22, low: 15, high: 32, step: 0.2 },
    humidity: { start: 45, low: 20, high: 75, step: 0.6 },
    dust: { start: 38, low: 1, high: 180, step: 3 },
    voc: { start: 240, low: 40, high: 900, step: 14 },
    sound: { start: 34, low: 24, high: 68, step: 3 },
    signal: { start: 78, low: 35, high: 100, step: 2 },
  },
  settings: { powerOn: { start: true }, fanSpeed: { start: 2, low: 0, high: 5 } },
  actions: {
    turnOn: { sets: { powerOn: true } },
    turnOff: { sets: { powerOn: false } },
    setFanSpeed: {
      takes: { low: 0, high: 5 },
      sets: { fanSpeed: 'value', powerOn: 'value above zero' },
    },
  },
  targets: {
    dust: ({ on, level }) => (on('powerOn') ? 60 / (1 + level('fanSpeed')) : 60),
    voc: ({ on, level }) => (on('powerOn') ? 420 / (1 + 0.5 * level('fanSpeed')) : 420),
    sound: ({ on, level }) => (on('powerOn') ? 26 + 7 * level('fanSpeed') : 25),
  },
  metrics: {
    temperature: ({ walk }) => round(walk('temperature'), 1),
    humidity: ({ walk }) => round(walk('humidity'), 1),
    pm1: ({ walk }) => round(0.62 * walk('dust'), 1),
    pm25: ({ walk }) => round(walk('dust'), 1),
    pm10: ({ walk }) => round(1.45 * walk('dust'), 1),
    sound: ({ walk }) => round(walk('sound'), 1),
    voc: ({ walk }) => round(walk('voc'), 0),
    networkStrength: ({ walk }) => round(walk('signal'), 0),
    fanSpeed: ({ level, on }) => (on('powerOn') ? level('fanSpeed') : 0),
    powerOn: ({ on }) => on('powerOn'),
  },
};

const sensor: Profile = {
  type: 'sensor',
  everyMs: 30 * seconds,
  walks: {
    temperature: { start: 21, low: -10, high: 40, step: 0.15 },
    humidity: { start: 48, low: 15, high: 90, step: 0.5 },
    pressure: { start: 1013, low: 965, high: 1050, step: 0.3 },
    charge: { start: 97, low: 2, high: 100, step: 0.02 },
  },
  settings: {},
  targets: { charge: () => 0 },
  metrics: {
    temperature: ({ walk }) => round(walk('temperature'), 2),
    humidity: ({ walk }) => round(walk('humidity'), 1),
    pressure: ({ walk }) => round(walk('pressure'), 1),
    battery: ({ walk }) => round(walk('charge'), 1),
  },
};

/** A door lock with a card reader. */
const lock: Profile = {
  type: 'lock',
  everyMs: 60 * seconds,
  walks: {
    charge: { start: 92, low: 2, high: 100, step: 0.03 },
    signal: { start: -58, low: -92, high: -35, step: 2 },
  },
  settings: { locked: { start: true }, tamper: { start: false } },
  actions: {
    lock: { sets: { locked: true } },
    unlock: { sets: { locked: false } },
  },
  targets: { charge: () => 0 },
  metrics: {
    locked: ({ on }) => on('locked'),
    tamper: ({ on }) => on('tamper'),
    battery: ({ walk }) => round(walk('charge'), 1),
    rssi: ({ walk }) => round(walk('signal'), 0),
  },
};

/** A camera, as far as telemetry goes: how it is doing, not what it sees. */
const camera: Profile = {
  type: 'camera',
  everyMs: 10 * seconds,
  walks: {
    activity: { start: 0.2, low: 0, high: 1, step: 0.15 },
    bitrate: { start: 1800, low: 400, high: 6000, step: 180 },
    storage: { start: 40, low: 0, high: 100, step: 0.1 },
    heat: { start: 41, low: 15, high: 80, step: 0.4 },
  },
  settings: { recording: { start: true } },
  actions: {
    recording_on: { sets: { recording: true } },
    recording_off: { sets: { recording: false } },
  },
  targets: { bitrate: ({ walk }) => 800 + 3000 * walk('activity') },
  metrics: {
    recording: ({ on }) => on('recording'),
    motion: ({ walk }) => walk('activity') > 0.6,
    bitrate_kbps: ({ walk, on }) => (on('recording') ? round(walk('bitrate'), 0) : 0),
    storage_used: ({ walk }) => round(walk('storage'), 1),
    temperature: ({ walk }) => round(walk('heat'), 1),
  },
};

export const profiles = { plug, purifier, sensor, lock, camera } as const;
export type ProfileName = keyof typeof profiles;
