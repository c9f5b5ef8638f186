import { kinds } from '../points.ts';
import { energyOf, powerMetric } from '../summary.ts';
import { type Sums, tell } from '../sums.ts';
import type { Aggregate, DeviceStatistics, MetricStatistics } from '../types.ts';
import { forEachChunk } from './engine.ts';
import { columnsOf, read } from './pivot.ts';
import { eachSums, withMargins } from './planner/sums.ts';
import type { OpenSources, Reader } from './reader.ts';
import { readingsOf, type WantedDevice } from './sources.ts';

/** Energy is told of power alone; asking for all at once reads everything once. */
const told: readonly Aggregate[] = ['count', 'min', 'max', 'avg', 'sum', 'first', 'last', 'energy'];

interface Span {
  readonly startUs: number;
  readonly endUs: number;
}

/** Sums a device's readings up, metric by metric. */
export async function readStatistics(
  reader: Reader,
  { startUs, endUs, ...device }: WantedDevice & Span,
): Promise<DeviceStatistics> {
  const span = { startUs, endUs };
  const wanted = { devices: [device], ...withMargins(span, told) };
  return reader.read<DeviceStatistics>(wanted, { metrics: {}, energyKwh: null }, async (open) => {
    const sums = await sumsOf(open, span);
    const shares = await sharesOf(open, span);
    return statisticsOf(open, device.deviceId, sums, shares);
  });
}

/** Sums several devices up, as far as that needs no single readings: without shares. */
export async function readManyStatistics(
  reader: Reader,
  { devices, ...span }: Span & { readonly devices: readonly WantedDevice[] },
): Promise<Readonly<Record<string, DeviceStatistics>>> {
  const wanted = { devices, ...withMargins(span, told) };
  return reader.read<Record<string, DeviceStatistics>>(wanted, {}, async (open) => {
    const sums = await sumsOf(open, span);
    const all = devices.map(({ deviceId }) => [
      deviceId,
      statisticsOf(open, deviceId, sums, new Map()),
    ]);
    return Object.fromEntries(all);
  });
}

/** What of each series there is, of all of its span. */
async function sumsOf(open: OpenSources, span: Span): Promise<ReadonlyMap<number, Sums>> {
  const sums = new Map<number, Sums>();
  await eachSums(open, { ...span, aggregates: told }, (series, _, found) => {
    sums.set(series, found);
  });
  return sums;
}

interface Shares {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Which values half, 95 and 99 of a hundred readings stay below, and how many there are. */
async function sharesOf(open: OpenSources, span: Span): Promise<ReadonlyMap<number, Shares>> {
  const shares = new Map<number, Shares>();
  const range = { fromUs: Math.ceil(span.startUs), untilUs: Math.ceil(span.endUs) };
  const readings = readingsOf(open.sources, range);
  if (readings.series.length === 0) return shares;
  await forEachChunk(
    open.connection,
    `SELECT series, count(*)::DOUBLE, quantile_cont(value, [0.5, 0.95, 0.99])
     FROM (${open.readings(readings)}) WHERE kind <> ${kinds.sealed} GROUP BY series`,
    { values: {}, types: {} },
    (chunk) => {
      const columns = columnsOf(chunk);
      for (let row = 0; row < chunk.rowCount; row++) {
        const found = read(columns, 2, row) as { items: readonly (number | null)[] } | null;
        const [p50 = null, p95 = null, p99 = null] = found?.items ?? [];
        shares.set(read(columns, 0, row) as number, {
          count: read(columns, 1, row) as number,
          p50,
          p95,
          p99,
        });
      }
    },
  );
  return shares;
}

function statisticsOf(
  { sources }: OpenSources,
  deviceId: string,
  sums: ReadonlyMap<number, Sums>,
  shares: ReadonlyMap<number, Shares>,
): DeviceStatistics {
  const metrics: [string, MetricStatistics][] = [];
  let energyKwh: number | null = null;
  for (const { id, device, metric } of sources.series) {
    const found = sums.get(id);
    if (device !== deviceId || found === undefined) continue;
    const known = shares.get(id);
    // Where readings are gone, what is left of them says nothing of all.
    const { p50, p95, p99 } = known?.count === found.count ? known : unknown;
    metrics.push([
      metric,
      {
        count: found.count,
        min: found.min,
        max: found.max,
        avg: tell('avg', found) as number | null,
        sum: found.sum,
        first: found.first,
        last: found.last,
        p50,
        p95,
        p99,
      },
    ]);
    if (metric === powerMetric) energyKwh = energyOf(found);
  }
  return {
    metrics: Object.fromEntries(metrics.sort(([a], [b]) => (a < b ? -1 : 1))),
    energyKwh,
  };
}

const unknown = { p50: null, p95: null, p99: null };
