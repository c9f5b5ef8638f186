import { type DuckDBConnection, VARCHAR } from '@duckdb/node-api';
import { forEachChunk } from './engine.ts';
import type { Extent } from './manifest.ts';

/** What a file holds, series by series; `lastTime` is the column that tells when it ends. */
export async function extentsIn(
  connection: DuckDBConnection,
  path: string,
  lastTime: 'time' | 'last_us',
): Promise<Extent[]> {
  const extents: Extent[] = [];
  const newest = lastTime === 'time' ? 'epoch_us(max(time))' : 'max(last_us)';
  await forEachChunk(
    connection,
    `SELECT device, metric, epoch_us(min(time))::DOUBLE, (${newest})::DOUBLE, count(*)::DOUBLE
     FROM read_parquet($file) GROUP BY device, metric`,
    { values: { file: path }, types: { file: VARCHAR } },
    (chunk) => {
      for (const row of chunk.getRows() as [string, string, number, number, number][]) {
        const [device, metric, oldestUs, newestUs, points] = row;
        extents.push({ device, metric, oldestUs, newestUs, points, complete: true });
      }
    },
  );
  return extents;
}

/** The whole of what series hold. */
export const together = (extents: readonly Extent[]) =>
  extents.reduce(
    (all, one) => ({
      oldestUs: Math.min(all.oldestUs, one.oldestUs),
      newestUs: Math.max(all.newestUs, one.newestUs),
      points: all.points + one.points,
    }),
    { oldestUs: Number.POSITIVE_INFINITY, newestUs: Number.NEGATIVE_INFINITY, points: 0 },
  );
