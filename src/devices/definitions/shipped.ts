import type { ActionDefinition, MetricDefinition, TypeDefinition } from './types.ts';

/** The types that come with Hearth, as data. Property and metric names are the devices' own. */

const retry = { attempts: 3, interval_seconds: 30 };

const metric = (name: string, label: string, unit = ''): MetricDefinition => ({
  name,
  label,
  unit,
});

const setConfig: ActionDefinition = {
  name: 'setConfig',
  label: 'Change settings',
  value: { type: 'object' },
};

const relay: readonly ActionDefinition[] = [
  { name: 'relay_on', label: 'Switch on', sets: { relay_state: true } },
  { name: 'relay_off', label: 'Switch off', sets: { relay_state: false } },
  { name: 'relay_toggle', label: 'Switch over', toggles: 'relay_state' },
];

/** A device with a relay also hears the words that a purifier does. */
const relayByOtherWords: readonly ActionDefinition[] = [
  { name: 'turnOn', label: 'Turn on', sets: { relay_state: true } },
  { name: 'turnOff', label: 'Turn off', sets: { relay_state: false } },
];

const power: readonly ActionDefinition[] = [
  { name: 'turnOn', label: 'Turn on', sets: { powerOn: true } },
  { name: 'turnOff', label: 'Turn off', sets: { powerOn: false } },
];

/** A fan that stands still is off, and one that turns is on. */
const setFanSpeed: ActionDefinition = {
  name: 'setFanSpeed',
  label: 'Set fan speed',
  value: { type: 'integer', minimum: 0, maximum: 5 },
  sets: { fanSpeed: { from: 'value' }, powerOn: { above_zero: 'value' } },
};

const relayPower = { property: 'relay_state', on: 'relay_on', off: 'relay_off' };
const plainPower = { property: 'powerOn', on: 'turnOn', off: 'turnOff' };

/** What a type is when nobody has said more of it: it hears every word the seeds' devices know. */
export const generic: TypeDefinition = {
  type: 'generic',
  label: 'Device',
  actions: [...relay, ...power, setFanSpeed, setConfig],
  metrics: [],
  power: plainPower,
  retry,
  built_in: true,
};

export const shipped: readonly TypeDefinition[] = [
  {
    type: 'plug',
    label: 'Smart plug',
    actions: [...relay, ...relayByOtherWords, setConfig],
    metrics: [
      metric('power', 'Power', 'W'),
      metric('voltage', 'Voltage', 'V'),
      metric('current', 'Current', 'A'),
      metric('energy', 'Energy', 'kWh'),
      metric('relay_state', 'Switched on'),
    ],
    power: relayPower,
    retry,
    built_in: true,
  },
  {
    type: 'switch',
    label: 'Switch or light',
    actions: [...relay, ...relayByOtherWords, setConfig],
    metrics: [metric('relay_state', 'Switched on')],
    power: relayPower,
    retry,
    built_in: true,
  },
  {
    type: 'purifier',
    label: 'Air purifier',
    actions: [...power, setFanSpeed, setConfig],
    metrics: [
      metric('pm25', 'PM2.5', 'µg/m³'),
      metric('pm10', 'PM10', 'µg/m³'),
      metric('pm1', 'PM1', 'µg/m³'),
      metric('voc', 'Volatile compounds'),
      metric('temperature', 'Temperature', '°C'),
      metric('humidity', 'Humidity', '%'),
      metric('sound', 'Sound', 'dB'),
      metric('networkStrength', 'Network strength', '%'),
      metric('fanSpeed', 'Fan speed'),
      metric('powerOn', 'Turned on'),
    ],
    power: plainPower,
    retry,
    built_in: true,
  },
  {
    type: 'sensor',
    label: 'Sensor',
    actions: [setConfig],
    metrics: [
      metric('temperature', 'Temperature', '°C'),
      metric('humidity', 'Humidity', '%'),
      metric('pressure', 'Air pressure', 'hPa'),
      metric('battery', 'Battery', '%'),
    ],
    retry,
    built_in: true,
  },
  {
    type: 'lock',
    label: 'Lock',
    actions: [
      { name: 'lock', label: 'Lock', sets: { locked: true } },
      { name: 'unlock', label: 'Unlock', sets: { locked: false } },
      setConfig,
    ],
    metrics: [
      metric('locked', 'Locked'),
      metric('tamper', 'Tampered with'),
      metric('battery', 'Battery', '%'),
      metric('rssi', 'Signal', 'dBm'),
    ],
    retry,
    built_in: true,
  },
  {
    type: 'reader',
    label: 'Card reader',
    actions: [{ name: 'beep', label: 'Beep' }, setConfig],
    metrics: [
      metric('granted', 'Let in'),
      metric('tamper', 'Tampered with'),
      metric('battery', 'Battery', '%'),
      metric('rssi', 'Signal', 'dBm'),
    ],
    retry,
    built_in: true,
  },
  {
    type: 'camera',
    label: 'Camera',
    actions: [
      { name: 'recording_on', label: 'Start recording', sets: { recording: true } },
      { name: 'recording_off', label: 'Stop recording', sets: { recording: false } },
      setConfig,
    ],
    metrics: [
      metric('recording', 'Recording'),
      metric('motion', 'Motion'),
      metric('bitrate_kbps', 'Bit rate', 'kbit/s'),
      metric('storage_used', 'Storage used', '%'),
      metric('temperature', 'Temperature', '°C'),
    ],
    retry,
    built_in: true,
  },
  generic,
];
