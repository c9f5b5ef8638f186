/** What an entity of Home Assistant is here: which device, and which metric of it. */

/** Kinds of entities that measure, or say what is on. Where people are, and what the weather was, is not asked for. */
const measuring = new Set([
  ...['sensor', 'binary_sensor', 'switch', 'light', 'fan', 'input_boolean', 'input_number'],
  ...['number', 'counter', 'humidifier', 'valve', 'lock', 'cover', 'siren', 'climate'],
]);

/** How names of entities end, beside the device classes: the longest that fits is the metric. */
const endings = [
  ...['power', 'energy', 'voltage', 'current', 'frequency', 'power_factor', 'apparent_power'],
  ...[
    'reactive_power',
    'temperature',
    'humidity',
    'battery',
    'illuminance',
    'pressure',
    'moisture',
  ],
  ...['co2', 'carbon_dioxide', 'carbon_monoxide', 'pm1', 'pm25', 'pm10', 'aqi', 'air_quality'],
  ...['volatile_organic_compounds', 'signal_strength', 'linkquality', 'gas', 'water', 'speed'],
  ...['motion', 'occupancy', 'presence', 'opening', 'contact', 'vibration', 'smoke', 'state'],
];

export interface Entity {
  /** `sensor.kitchen_power`. */
  readonly id: string;
  readonly deviceClass: string | undefined;
  readonly unit: string | undefined;
}

export interface EntityPlace {
  readonly device: string;
  readonly metric: string;
}

export const isMeasuring = (entityId: string): boolean => measuring.has(domainOf(entityId));

/**
 * `sensor.kitchen_power` is the metric `power` of the device `kitchen`: the name of a sensor ends with
 * its device class, or with a word for what it measures. Otherwise all of the name is the device, and
 * the metric is the device class; without one it is `state` of what can be on and off, else `value`.
 */
export function placeOfEntity({ id, deviceClass }: Entity): EntityPlace {
  const name = id.slice(id.indexOf('.') + 1);
  const words = deviceClass === undefined ? endings : [deviceClass, ...endings];
  let metric: string | undefined;
  for (const word of words) {
    const fits = name.endsWith(`_${word}`) && name.length > word.length + 1;
    if (fits && word.length > (metric?.length ?? 0)) metric = word;
  }
  if (metric !== undefined) return { device: name.slice(0, -metric.length - 1), metric };
  return { device: name, metric: deviceClass ?? (isSwitching(id) ? 'state' : 'value') };
}

/** What a value is multiplied by: Hearth reads `power` in watts. */
export function factorOf({ unit }: Entity, metric: string): number {
  if (metric !== 'power') return 1;
  return unit === 'kW' ? 1000 : unit === 'MW' ? 1e6 : 1;
}

function isSwitching(id: string): boolean {
  const domain = domainOf(id);
  return !['sensor', 'input_number', 'number', 'counter'].includes(domain);
}

const domainOf = (id: string): string => id.slice(0, Math.max(0, id.indexOf('.')));
