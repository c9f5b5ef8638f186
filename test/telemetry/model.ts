import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { isoOfMicroseconds, Zone } from '#kernel';
import { widestGapUs } from '../../src/telemetry/summary.ts';
import type { Value } from '../../src/telemetry/types.ts';

/** One reading as a test sends it. */
export interface Sent {
  readonly device: string;
  readonly metric: string;
  readonly timeUs: number;
  readonly value: Value;
}

/** A row of a file of sums; a text has no numbers. */
export interface Sum {
  readonly device: string;
  readonly metric: string;
  readonly at: number;
  readonly class: number;
  readonly first_us: number;
  readonly last_us: number;
  readonly count: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly first: Value;
  readonly last: Value;
  readonly area: number;
  readonly held: number;
  readonly held_s: number;
  readonly increase: number;
}

const intervals = { '1m': 60e6, '1h': 3600e6, '1d': 86_400e6 } as const;
type Tier = keyof typeof intervals;

/** What a store should hold, worked out from what was sent to it and in no other way. */
export class Model {
  readonly #readings = new Map<string, Sent>();
  readonly #zone: Zone;

  constructor(timeZone: string) {
    this.#zone = new Zone(timeZone);
  }

  /** Of several readings of one time the last one counts. */
  send(reading: Sent): void {
    this.#readings.set(`${reading.device} ${reading.metric} ${reading.timeUs}`, reading);
  }

  /** Forgets readings from `startUs`, before `endUs`; all metrics when none are given. */
  erase(device: string, metrics: readonly string[] | undefined, startUs: number, endUs: number) {
    for (const [key, one] of this.#readings) {
      const isMeant = one.device === device && (metrics?.includes(one.metric) ?? true);
      if (isMeant && one.timeUs >= startUs && one.timeUs < endUs) this.#readings.delete(key);
    }
  }

  /** By device, metric and time. */
  readings(): Sent[] {
    return [...this.#readings.values()].sort(byNameAndTime);
  }

  /** The rows of a device's answer, as `query` gives them. */
  rowsOf(device: string): ({ timestamp: string } & Record<string, Value>)[] {
    const rows = new Map<number, Record<string, Value>>();
    for (const one of this.readings()) {
      if (one.device !== device) continue;
      rows.set(one.timeUs, { ...rows.get(one.timeUs), [one.metric]: one.value });
    }
    return [...rows]
      .sort(([a], [b]) => a - b)
      .map(([timeUs, values]) => ({ timestamp: isoOfMicroseconds(timeUs), ...values }));
  }

  /** By device, metric, time and class. */
  sums(tier: Tier): Sum[] {
    const buckets = new Map<string, Sent[]>();
    for (const one of this.readings()) {
      const kind = typeof one.value === 'string' ? 1 : 0;
      const at = this.bucketOf(one.timeUs, tier);
      const key = [one.device, one.metric, String(at).padStart(20, '0'), kind].join('\0');
      buckets.set(key, [...(buckets.get(key) ?? []), one]);
    }
    return [...buckets]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, readings]) => {
        const [device = '', metric = '', at, kind] = key.split('\0');
        return { device, metric, at: Number(at), class: Number(kind), ...sumOf(readings) };
      });
  }

  bucketOf(timeUs: number, tier: Tier): number {
    const zone = this.#zone;
    const dayUs = intervals['1d'];
    const local = timeUs + zone.offsetAt(timeUs);
    if (tier === '1d') return zone.instantOf(Math.floor(local / dayUs) * dayUs);
    const startUs = Math.floor(local / intervals[tier]) * intervals[tier] - zone.offsetAt(timeUs);
    // A change of the clocks begins a bucket of its own.
    const changeUs = zone.offsets(timeUs - intervals[tier], timeUs).at(1)?.fromUs ?? startUs;
    return Math.max(startUs, changeUs, this.bucketOf(timeUs, '1d'));
  }
}

function sumOf(readings: readonly Sent[]): Omit<Sum, 'device' | 'metric' | 'at' | 'class'> {
  const numbers = readings.flatMap(({ value }) =>
    typeof value === 'string' ? [] : [Number(value)],
  );
  const [first, last] = [readings[0] as Sent, readings.at(-1) as Sent];
  const sums = { area: 0, held: 0, held_s: 0, increase: 0 };
  for (let at = 1; at < readings.length; at++) {
    const gapUs = (readings[at] as Sent).timeUs - (readings[at - 1] as Sent).timeUs;
    const heldSeconds = Math.min(gapUs, widestGapUs) / 1e6;
    sums.held_s += heldSeconds;
    const [earlier, later] = [numbers[at - 1], numbers[at]];
    if (earlier === undefined || later === undefined) continue;
    if (gapUs <= widestGapUs) sums.area += ((earlier + later) / 2) * (gapUs / 1e6);
    sums.held += earlier * heldSeconds;
    sums.increase += later >= earlier ? later - earlier : later;
  }
  return {
    first_us: first.timeUs,
    last_us: last.timeUs,
    count: readings.length,
    sum: numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0),
    min: numbers.length === 0 ? null : Math.min(...numbers),
    max: numbers.length === 0 ? null : Math.max(...numbers),
    first: first.value,
    last: last.value,
    ...sums,
  };
}

/** All rows of all files of a tier, as another program reads them. */
export async function rowsIn(
  directory: string,
  tier: 'raw' | Tier,
): Promise<Record<string, unknown>[]> {
  const folder = join(directory, 'telemetry', 'raw');
  const names = readdirSync(folder).filter((name) => name.startsWith(`${tier}-`));
  const rows = await Promise.all(
    names
      .sort()
      .map(async (name) =>
        parquetReadObjects({ file: await asyncBufferFromFile(join(folder, name)), compressors }),
      ),
  );
  return rows.flat();
}

/** The sums of a tier as they are on disk, by device, metric, time and class. */
export async function sumsIn(directory: string, tier: Tier): Promise<Sum[]> {
  const valueAt = (row: Record<string, unknown>, which: 'first' | 'last'): Value => {
    const kind = row[`${which}_kind`];
    if (kind === 2) return String(row[`${which}_text`]);
    return kind === 1 ? row[which] === 1 : Number(row[which]);
  };
  const rows = (await rowsIn(directory, tier)).map((row) => ({
    device: String(row.device),
    metric: String(row.metric),
    at: (row.time as Date).getTime() * 1000,
    class: Number(row.class),
    first_us: Number(row.first_us),
    last_us: Number(row.last_us),
    count: Number(row.count),
    sum: row.sum as number | null,
    min: row.min as number | null,
    max: row.max as number | null,
    first: valueAt(row, 'first'),
    last: valueAt(row, 'last'),
    area: Number(row.area),
    held: Number(row.held),
    held_s: Number(row.held_s),
    increase: Number(row.increase),
  }));
  const key = (row: Sum): string =>
    [row.device, row.metric, String(row.at).padStart(20, '0'), row.class].join('\0');
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Sums as they compare: added up in another order, the last digits differ. */
export const rounded = (sums: readonly Sum[]) =>
  sums.map((sum) => {
    const round = (value: number | null) => (value === null ? null : Number(value.toPrecision(9)));
    const { area, held, held_s, increase } = sum;
    return {
      ...sum,
      sum: round(sum.sum),
      area: round(area),
      held: round(held),
      held_s: round(held_s),
      increase: round(increase),
    };
  });

function byNameAndTime(a: Sent, b: Sent): number {
  if (a.device !== b.device) return a.device < b.device ? -1 : 1;
  if (a.metric !== b.metric) return a.metric < b.metric ? -1 : 1;
  return a.timeUs - b.timeUs;
}
