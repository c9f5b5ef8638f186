import { createHash } from 'node:crypto';
import type { Tag } from './types.ts';

/** How what a line is called becomes a device and a metric. Pure: the same line, the same names. */

const longest = 64;
const deviceTag = 'device_id';
const devicePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const metricPattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/;

/** What a line says about where it belongs. */
export interface LineName {
  /** What its tag `device_id` says. */
  readonly deviceId: string | undefined;
  /** What it is called without one: the measurement and the values of its tags, by their keys. */
  readonly name: string;
  /** What no other series is called. */
  readonly series: string;
}

export function nameOfLine(measurement: string, tags: readonly Tag[]): LineName {
  const deviceId = tags.find(([key]) => key === deviceTag)?.[1];
  if (deviceId !== undefined) {
    return { deviceId, name: deviceId, series: JSON.stringify([deviceTag, deviceId]) };
  }
  const sorted = [...tags].sort(([left], [right]) => (left < right ? -1 : 1));
  const name = [measurement, ...sorted.map(([, value]) => value)].join('-');
  return { deviceId, name, series: JSON.stringify([measurement, ...sorted.flat()]) };
}

/**
 * The metric of a field: its key. The key `value` says nothing, and where the device is named by its
 * tag, or by its key, the measurement says what was measured.
 */
export const metricOfField = (key: string, measurement: string, isDeviceNamed: boolean): string =>
  legalMetric(key === 'value' && isDeviceNamed ? measurement : key);

/** A name as one that a metric may have. */
export const legalMetric = (name: string): string => legal(name, metricPattern, 'metric');

/** A name as an id that a device may have; one that has to be changed gets a few digits of its own. */
export function legalDeviceId(name: string, isReserved: (id: string) => boolean): string {
  const id = legal(name, devicePattern, 'device');
  return isReserved(id.toLowerCase()) ? marked(id, name) : id;
}

/** An id with a mark that tells `series` apart from others of the same name; a longer one, if need be. */
export const marked = (id: string, series: string, digits = 6): string =>
  `${id.slice(0, longest - digits - 1)}-${digest(series, digits)}`;

function legal(name: string, pattern: RegExp, otherwise: string): string {
  // Values lie under their metrics in plain objects.
  if (pattern.test(name) && name !== '__proto__') return name;
  const plain = name
    .slice(0, 4 * longest)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|-+$/g, '');
  return marked(plain || otherwise, name);
}

const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);
