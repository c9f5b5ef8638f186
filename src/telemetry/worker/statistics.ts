import { kinds } from '../points.ts';
import { joulesPerKwh, powerMetric, widestGapUs } from '../summary.ts';
import type { DeviceStatistics, MetricStatistics, Value } from '../types.ts';
import { forEachChunk } from './engine.ts';
import { asSent, columnsOf, read } from './pivot.ts';
import type { OpenScope, Reader } from './reader.ts';
import type { Scope } from './sources.ts';

/** Sums up a device's readings, metric by metric. */
export function readStatistics(reader: Reader, scope: Scope): Promise<DeviceStatistics> {
  return reader.read<DeviceStatistics>(scope, { metrics: {}, energyKwh: null }, async (open) => ({
    metrics: await metricStatistics(open),
    energyKwh: await energyKwh(open),
  }));
}

async function metricStatistics(open: OpenScope): Promise<Record<string, MetricStatistics>> {
  const names = new Map(open.sources.series.map((one) => [one.id, one.metric]));
  const metrics: [string, MetricStatistics][] = [];
  await forEachChunk(
    open.connection,
    `SELECT series, count(*)::DOUBLE, min(value), max(value), avg(value), sum(value),
       quantile_cont(value, 0.5), quantile_cont(value, 0.95), quantile_cont(value, 0.99),
       arg_min_null(value, time_us), arg_min_null(text, time_us), arg_min_null(kind, time_us),
       arg_max_null(value, time_us), arg_max_null(text, time_us), arg_max_null(kind, time_us)
     FROM (${open.relation.sql}) GROUP BY series`,
    open.relation,
    (chunk) => {
      const columns = columnsOf(chunk);
      for (let row = 0; row < chunk.rowCount; row++) {
        const at = (column: number): unknown => read(columns, column, row);
        const number = (column: number): number | null => at(column) as number | null;
        const value = (column: number): Value | null =>
          asSent(at(column + 2), at(column), at(column + 1));
        metrics.push([
          names.get(at(0) as number) ?? '',
          {
            count: at(1) as number,
            min: number(2),
            max: number(3),
            avg: number(4),
            sum: number(5),
            first: value(9),
            last: value(12),
            p50: number(6),
            p95: number(7),
            p99: number(8),
          },
        ]);
      }
    },
  );
  return Object.fromEntries(metrics.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The area under power by trapezoids between neighbouring readings; `null` without two of them. */
async function energyKwh(open: OpenScope): Promise<number | null> {
  const power = open.sources.series.find((one) => one.metric === powerMetric);
  if (power === undefined) return null;
  let joules: number | null = null;
  await forEachChunk(
    open.connection,
    `SELECT sum((value + earlier) / 2 * gap_us / 1e6) FROM (
       SELECT value, lag(value) OVER times AS earlier, time_us - lag(time_us) OVER times AS gap_us
       FROM (${open.relation.sql}) WHERE series = ${power.id} AND kind = ${kinds.number}
       WINDOW times AS (ORDER BY time_us)
     ) WHERE gap_us <= ${widestGapUs}`,
    open.relation,
    (chunk) => {
      joules = read(columnsOf(chunk), 0, 0) as number | null;
    },
  );
  return joules === null ? null : joules / joulesPerKwh;
}
