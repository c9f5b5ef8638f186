import { type DuckDBConnection, VARCHAR } from '@duckdb/node-api';
import { forEachChunk } from './engine.ts';
import type { DeviceRange } from './manifest.ts';
import type { RecoveryParts } from './recover.ts';

/**
 * Lists a sealed file that the manifest has lost, from what the file itself says.
 * @throws Error when the file cannot be read.
 */
export async function adopt(
  connection: DuckDBConnection,
  name: string,
  stretch: { readonly firstSeq: number; readonly lastSeq: number },
  { db, files, journal, manifest, names }: RecoveryParts,
): Promise<void> {
  const ranges = new Map<string, DeviceRange>();
  let nextId = names.nextId();
  const parameters = { values: { file: files.pathOf(name) }, types: { file: VARCHAR } };
  const series: { id: number; device: string; metric: string }[] = [];
  await forEachChunk(
    connection,
    `SELECT device, metric, min(epoch_us(time))::DOUBLE, max(epoch_us(time))::DOUBLE, count(*)::DOUBLE
     FROM read_parquet($file) GROUP BY device, metric`,
    parameters,
    (chunk) => {
      for (const [device, metric, oldestUs, newestUs, points] of chunk.getRows() as [
        string,
        string,
        number,
        number,
        number,
      ][]) {
        const range = ranges.get(device);
        ranges.set(device, {
          device,
          oldestUs: Math.min(oldestUs, range?.oldestUs ?? oldestUs),
          newestUs: Math.max(newestUs, range?.newestUs ?? newestUs),
          points: points + (range?.points ?? 0),
        });
        if (names.ofDevice(device, [metric]).length === 0) {
          series.push({ id: nextId++, device, metric });
        }
      }
    },
  );
  const all = [...ranges.values()];
  const newestUs = Math.max(...all.map((range) => range.newestUs));
  db.transaction(() => {
    journal.saveSeries(series);
    manifest.add(
      {
        name,
        ...stretch,
        bytes: files.size(name),
        checksum: files.checksum(name),
        points: all.reduce((sum, range) => sum + range.points, 0),
        oldestUs: Math.min(...all.map((range) => range.oldestUs)),
        newestUs,
        receivedUs: newestUs,
      },
      all,
    );
    // The file holds these; reading them twice would do no harm and no good.
    db.prepare('DELETE FROM batches WHERE seq BETWEEN ? AND ?').run(
      stretch.firstSeq,
      stretch.lastSeq,
    );
  })();
  for (const one of series) names.add(one);
}
