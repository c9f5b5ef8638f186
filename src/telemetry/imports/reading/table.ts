import { legalMetric } from '../../line-protocol/names.ts';
import { readTimestampUs } from '../../timestamp.ts';
import type { Value } from '../../types.ts';
import type { Chunks } from './chunks.ts';

/** The wide table of an export: a row for each time of a device, a column for each metric. */

const deviceColumns = ['device_id', 'device', 'deviceId'];
const timeColumns = ['timestamp', 'time', 'ts'];
/** What an export says again in other words. */
const derivedColumns = ['day_of_week', 'hour_of_day'];

/** A device has half as many metrics at most. */
export const mostColumns = 1000;

/** Where in a row what is. */
export interface Layout {
  /** `undefined` where a row does not say whose it is. */
  readonly device: number | undefined;
  readonly time: number;
  readonly metrics: readonly { readonly at: number; readonly metric: string }[];
}

/** Reads a header; what is wrong with it otherwise. */
export function layoutOf(
  names: readonly string[],
  hasDevice: boolean,
): Layout | { readonly problem: string; readonly hint?: string } {
  const find = (wanted: readonly string[]) => names.findIndex((name) => wanted.includes(name));
  const device = find(deviceColumns);
  const time = find(timeColumns);
  if (time < 0) return { problem: 'there is no column timestamp' };
  if (device < 0 && !hasDevice) {
    return {
      problem: 'there is no column device_id: say whose readings they are',
      hint: 'Name the device with --device (device_id over the API).',
    };
  }
  const metrics = names.flatMap((name, at) => {
    const isMetric = at !== device && at !== time && !derivedColumns.includes(name) && name !== '';
    return isMetric ? [{ at, metric: legalMetric(name) }] : [];
  });
  if (metrics.length === 0) return { problem: 'there is no column with values' };
  if (metrics.length > mostColumns) {
    return {
      problem: `there are ${metrics.length} columns with values: the most is ${mostColumns}`,
    };
  }
  return { device: device < 0 ? undefined : device, time, metrics };
}

const notUnderstood = (time: unknown): string =>
  `the time ${(JSON.stringify(time) ?? String(time)).slice(0, 60)} is not understood`;

export interface Row {
  readonly where: string;
  readonly device: unknown;
  /** Microseconds, or what a device might say. */
  readonly time: unknown;
}

/** Adds what a row holds; `valueAt` answers `undefined` for a cell without a value. */
export function takeRow(
  { where, device, time }: Row,
  metrics: Layout['metrics'],
  valueAt: (at: number) => Value | undefined,
  chunks: Chunks,
): void {
  const timeUs = readTimestampUs(time);
  if (typeof device !== 'string' || device === '') {
    chunks.leaveOut(where, 'the row names no device');
    return;
  }
  if (timeUs === undefined) {
    if (time === undefined || time === null || time === '') {
      chunks.leaveOut(where, 'the row has no time');
    } else chunks.leaveOut(where, notUnderstood(time), 'time');
    return;
  }
  for (const { at, metric } of metrics) {
    const value = valueAt(at);
    if (value === undefined) continue;
    const series = chunks.seriesOf(`${device}\0${metric}`, () => ({
      device: { name: device },
      metric,
    }));
    chunks.add(series, timeUs, value);
  }
}
