import type { DuckDBConnection } from '@duckdb/node-api';
import type { Snapshot } from '../worker/protocol.ts';
import type { RollupTier } from '../worker/tiers/tiers.ts';
import { readingsSql } from './readings.ts';
import { rollupSql } from './rollups.ts';

type Source = Pick<Snapshot, 'files' | 'days' | 'erasures'>;

/** Makes `telemetry`: every reading once. Of sealed ones it shows that they are there. */
export async function createReadings(connection: DuckDBConnection, source: Source): Promise<void> {
  await connection.run(`CREATE VIEW telemetry AS
    SELECT device AS device_id, metric, timestamp, value,
           CASE WHEN kind = 3 THEN NULL ELSE text END AS text,
           CASE kind WHEN 0 THEN 'number' WHEN 1 THEN 'boolean' WHEN 2 THEN 'text' ELSE 'sealed' END
             AS kind
    FROM (${readingsSql(source)})`);
}

/** Makes `rollup_1m`, `rollup_1h` or `rollup_1d`. */
export async function createRollup(
  connection: DuckDBConnection,
  source: Source,
  how: { readonly tier: RollupTier; readonly timeZone: string; readonly linked: boolean },
): Promise<void> {
  const rows = await rollupSql(connection, source, how);
  const links = how.linked
    ? `coalesce(held / nullif(held_s, 0), sum / count) AS time_weighted_avg, increase,
       area / 3.6e6 AS energy_kwh,`
    : '';
  await connection.run(`CREATE VIEW rollup_${how.tier} AS
    SELECT device AS device_id, metric, begins AS timestamp, count, sum, min, max, sum / count AS avg,
           first, last, ${links} first_text, last_text
    FROM (${rows})`);
}
