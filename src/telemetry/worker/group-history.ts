import { bucketsFor } from '../buckets.ts';
import { SumRows, type SumTable } from '../sums.ts';
import { eachSums, withMargins } from './planner/sums.ts';
import type { Questions } from './protocol.ts';
import type { Reader } from './reader.ts';

/** Sums several devices up in groups, metric by metric and bucket by bucket; each device in one group. */
export function readGroups(
  reader: Reader,
  asked: Questions['groups']['question'],
): Promise<SumTable> {
  const { groups, startUs, endUs, aggregates } = asked;
  const span = { startUs, endUs };
  const devices = groups.flat();
  const groupOfDevice = new Map(
    groups.flatMap((members, group) => members.map(({ deviceId }) => [deviceId, group] as const)),
  );
  const wanted = { devices, ...withMargins(span, aggregates) };
  return reader.read<SumTable>(wanted, new SumRows([]).table(), async (open) => {
    const metrics = [...new Set(open.sources.series.map(({ metric }) => metric))].sort();
    const rowOf = new Map(
      open.sources.series.map(({ id, device, metric }) => [
        id,
        (groupOfDevice.get(device) ?? 0) * metrics.length + metrics.indexOf(metric),
      ]),
    );
    const rows = new SumRows(metrics);
    await eachSums(
      open,
      {
        ...span,
        aggregates,
        buckets: bucketsFor(asked.intervalMs * 1000, asked.timeZone, startUs, endUs),
        groupOf: (series) => rowOf.get(series) ?? 0,
      },
      (row, bucketUs, sums) => {
        rows.add(Math.floor(row / metrics.length), row % metrics.length, bucketUs, sums);
      },
    );
    return rows.table();
  });
}
