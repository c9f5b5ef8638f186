import type { ValuePage } from '../analysis/export-job.ts';
import { kinds } from '../points.ts';
import type { TelemetryRow, Value } from '../types.ts';

/** Rows of a device as columns of values, each with its metric and time. */
export function pageOf(device: string, rows: readonly TelemetryRow[]): ValuePage {
  const metrics: string[] = [];
  const places = new Map<string, number>();
  const cells: { metric: number; timeUs: number; value: Value }[] = [];
  for (const row of rows) {
    const timeUs = microsecondsOf(row.timestamp);
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (name === 'timestamp' || value === null || value === undefined) continue;
      let metric = places.get(name);
      if (metric === undefined) {
        metric = metrics.push(name) - 1;
        places.set(name, metric);
      }
      cells.push({ metric, timeUs, value });
    }
  }
  return {
    device,
    metrics,
    metric: Uint16Array.from(cells, ({ metric }) => metric),
    timesUs: Float64Array.from(cells, ({ timeUs }) => timeUs),
    kinds: Uint8Array.from(cells, ({ value }) => kindOf(value)),
    values: Float64Array.from(cells, ({ value }) =>
      typeof value === 'string' ? 0 : Number(value),
    ),
    texts: cells.flatMap(({ value }) => (typeof value === 'string' ? [value] : [])),
  };
}

function kindOf(value: Value): number {
  if (typeof value === 'number') return kinds.number;
  return typeof value === 'boolean' ? kinds.boolean : kinds.text;
}

/** Microseconds since 1970 of a time as `isoOfMicroseconds` writes it. */
export function microsecondsOf(iso: string): number {
  const rest = /\.\d{3}(\d{3})Z$/.exec(iso)?.[1] ?? '0';
  return Date.parse(iso) * 1000 + Number(rest);
}
