import { type Locales, ownLocales } from './locale.ts';
import { truthOf } from './truth.ts';
import type { Value } from './wire.ts';

/** How a metric is shown to a person. */
export interface Metric {
  /** As the hub's own list has it: `power` for `sensors.apower`. */
  readonly name: string;
  readonly label: string;
  /** Written after the number; empty for counts, words and switches. */
  readonly unit: string;
  /** Digits after the decimal point. */
  readonly digits: number;
  /** Whether a chart of it starts at zero: amounts do, temperatures do not. */
  readonly fromZero: boolean;
}

type Row = readonly [label: string, unit: string, digits: number, fromZero?: 'from zero'];

/** Known metrics, the most telling first: that is also the order in which they are shown. */
const table = new Map<string, Row>(
  Object.entries({
    power: ['Power', 'W', 0, 'from zero'],
    pm25: ['Fine dust PM2.5', 'µg/m³', 0, 'from zero'],
    temperature: ['Temperature', '°C', 1],
    co2: ['CO₂', 'ppm', 0],
    humidity: ['Humidity', '%', 0],
    pm10: ['Dust PM10', 'µg/m³', 0, 'from zero'],
    pm1: ['Finest dust PM1', 'µg/m³', 0, 'from zero'],
    voc: ['Vapours (VOC)', 'ppb', 0, 'from zero'],
    illuminance: ['Light', 'lx', 0, 'from zero'],
    sound: ['Sound', 'dB', 0],
    pressure: ['Air pressure', 'hPa', 0],
    energy: ['Energy', 'kWh', 2],
    voltage: ['Voltage', 'V', 1],
    current: ['Current', 'A', 2, 'from zero'],
    frequency: ['Frequency', 'Hz', 2],
    power_factor: ['Power factor', '', 2],
    relay_state: ['Switch', '', 0],
    power_on: ['Switch', '', 0],
    locked: ['Lock', '', 0],
    motion: ['Motion', '', 0],
    tamper: ['Tampering', '', 0],
    recording: ['Recording', '', 0],
    fan_speed: ['Fan speed', '', 0, 'from zero'],
    battery: ['Battery', '%', 0, 'from zero'],
    network_strength: ['Signal', '%', 0, 'from zero'],
    rssi: ['Signal', 'dBm', 0],
    filter_age: ['Filter in use', 'min', 0],
  } satisfies Record<string, Row>),
);

/** Other spellings of the same thing, as devices in the field send them. */
const spellings = new Map(
  Object.entries({
    temp: 'temperature',
    pm2_5: 'pm25',
    apower: 'power',
    lux: 'illuminance',
    relay: 'relay_state',
    switch: 'relay_state',
    noise: 'sound',
  }),
);

/** What yes and no are called, where On and Off would be wrong. */
const answers = new Map(
  Object.entries({
    locked: ['Locked', 'Open'],
    motion: ['Seen', 'None'],
    tamper: ['Detected', 'None'],
  } satisfies Record<string, readonly [yes: string, no: string]>),
);

const order = [...table.keys()];

/** `sensors.networkStrength` → `network_strength`: the name that the table knows. */
function key(name: string): string {
  const last = name.slice(name.lastIndexOf('.') + 1);
  const snake = last.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  return spellings.get(snake) ?? snake;
}

/** Whether it says that something is on or off, also where a device writes 1 and 0. */
export const isSwitch = (name: string): boolean =>
  ['relay_state', 'power_on'].includes(key(name)) || answers.has(key(name));

/** What yes is called: `on`, `locked`. */
export const yesWord = (name: string): string =>
  (answers.get(key(name))?.[0] ?? 'On').toLowerCase();

/** What is known of the metric; an unknown one keeps its own name, made readable. */
export function metricOf(name: string): Metric {
  const known = key(name);
  const row = table.get(known);
  if (row) {
    const [label, unit, digits, fromZero] = row;
    return { name: known, label, unit, digits, fromZero: fromZero !== undefined };
  }
  const words = known.replaceAll('_', ' ').trim() || name;
  return {
    name: known,
    label: words.charAt(0).toUpperCase() + words.slice(1),
    unit: '',
    digits: 2,
    fromZero: false,
  };
}

/** Metric names of a device in the order in which a person wants them. */
export function sortMetrics(names: readonly string[]): string[] {
  const rank = (name: string) => {
    const index = order.indexOf(key(name));
    return index < 0 ? order.length : index;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** A value as text with its unit beside it: `1,240` and `W`, `On` and nothing. */
export function showValue(
  name: string,
  value: Value,
  locales: Locales = ownLocales,
): { readonly text: string; readonly unit: string } {
  const metric = metricOf(name);
  if (typeof value === 'boolean') {
    const [yes, no] = answers.get(key(name)) ?? ['On', 'Off'];
    return { text: value ? yes : no, unit: '' };
  }
  if (typeof value === 'string') return { text: value, unit: '' };
  // Unknown metrics show what they have; known ones always the same number of digits, so that a
  // live number does not jump in width.
  const least = table.has(key(name)) ? metric.digits : 0;
  const format = new Intl.NumberFormat(locales, {
    minimumFractionDigits: least,
    maximumFractionDigits: metric.digits,
  });
  const text = format.format(value);
  return { text: /^[-−]0([.,]0*)?$/.test(text) ? format.format(0) : text, unit: metric.unit };
}

/** The same in one string, for a sentence: `1,240 W`. */
export function sayValue(name: string, value: Value, locales: Locales = ownLocales): string {
  const { text, unit } = showValue(name, value, locales);
  return unit === '' ? text : `${text}\u00a0${unit}`;
}

/** The values of a device, the most telling metric first. */
export function valuesOf(
  latest: Readonly<Record<string, Value>> | null,
): (readonly [metric: string, value: Value])[] {
  if (latest === null) return [];
  const { timestamp: _, ...values } = latest;
  return sortMetrics(Object.keys(values)).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** What a device is, for a sentence: `on`, `locked`, `fan speed 3`. */
export function sayState(name: string, value: Value): string {
  const truth = truthOf(value);
  if (truth !== undefined && isSwitch(name)) return showValue(name, truth).text.toLowerCase();
  const { label } = metricOf(name);
  const said = typeof value === 'boolean' ? showValue(name, value).text.toLowerCase() : value;
  return `${label.charAt(0).toLowerCase()}${label.slice(1)} ${said}`;
}
