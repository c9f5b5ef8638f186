import { HearthError } from '#kernel';
import { devicePath } from './device.ts';
import type { Hub } from './hub.ts';
import { cell } from './table.ts';

/** A row of readings as the hub answers it. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Whether there is anything in a row beside its time. */
export const hasValues = (row: Row | undefined): boolean =>
  Object.entries(row ?? {}).some(([name, value]) => name !== 'timestamp' && value !== null);

/** For a table: ten digits that matter, and what stands before the point whole. */
export function rounded<Value>(value: Value): Value | number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value;
  return Math.abs(value) >= 1e9 ? Math.round(value) : Number(value.toPrecision(10));
}

/**
 * Why there is nothing to show, behind the sentence that says so: metrics that are named do not exist,
 * are none that energy is told of, or all that there is was measured at another time.
 */
export async function whyNothing(
  hub: Hub,
  id: string,
  none: string,
  { fields, agg }: { readonly fields?: string | undefined; readonly agg?: string | undefined },
): Promise<string> {
  const latest = await latestOf(hub, id);
  if (latest === undefined) return none;
  const metrics = Object.keys(latest).filter(
    (name) => name !== 'device_id' && name !== 'timestamp',
  );
  const wanted = (fields ?? '').split(',').flatMap((name) => name.trim() || []);
  const unknown = wanted.filter((name) => !metrics.includes(name));
  if (unknown.length > 0 && metrics.length > 0) {
    return `${id} has no metric ${unknown.map(cell).join(', ')}. It has: ${metrics.map(cell).join(', ')}.`;
  }
  if (agg === 'energy') return `${none} Energy is told of a power in watts alone.`;
  if (typeof latest.timestamp !== 'string') return none;
  return `${none} Its newest reading is of ${cell(latest.timestamp)}.`;
}

/** A device's newest values; `undefined` for one that has sent nothing yet. */
async function latestOf(hub: Hub, id: string): Promise<Row | undefined> {
  try {
    return await hub.get<Row>(`${devicePath(id)}/telemetry/latest`);
  } catch (error) {
    if (error instanceof HearthError && error.code === 'not_found') return undefined;
    throw error;
  }
}
