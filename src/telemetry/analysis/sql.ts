import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import type { SqlSources } from '../sql/types.ts';
import { rollupTiers } from '../worker/tiers/tiers.ts';
import { createTable } from './handed-tables.ts';
import { needsLinks, type TableName, tableNames } from './mentions.ts';
import { prepare, spoken } from './statement.ts';
import { jsonOf } from './values.ts';
import { createReadings, createRollup } from './views.ts';
import type { Work } from './work.ts';

export interface SqlJob {
  readonly sql: string;
  /** Rows at most. */
  readonly limit: number;
  /** Of the rows as JSON, at most. */
  readonly mostBytes: number;
  readonly timeZone: string;
}

export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** A JSON array of arrays: the hub passes it on as it is. */
  readonly rows: string;
  readonly rowCount: number;
  /** Whether there would have been more. */
  readonly truncated: boolean;
  readonly elapsedMs: number;
}

const memoryMb = 96;
/** What has no room in that waits on the disk of the data directory. */
const spillMb = 512;

/** Answers one statement that reads. */
export async function runSql(job: SqlJob, work: Work): Promise<SqlAnswer> {
  const { sql, timeZone } = job;
  const beganMs = performance.now();
  // What only looks at the statement has nothing to look into.
  const empty = await work.open({ memoryMb });
  const mentioned = tableNames(empty.connection, sql);
  const sources = (await work.ask({ tables: mentioned })) as SqlSources;
  const { connection } = await work.open({
    memoryMb,
    spillMb,
    timeZone,
    paths: sources.snapshot?.files.map(({ path }) => path) ?? [],
  });
  await describe(connection, mentioned, sources, job);
  const prepared = await prepare(connection, sql);
  try {
    return { ...(await answer(prepared, job)), elapsedMs: Math.round(performance.now() - beganMs) };
  } catch (error) {
    throw spoken(error);
  }
}

/** Makes what there is to be asked: with nothing in it where the statement does not name it. */
async function describe(
  connection: DuckDBConnection,
  mentioned: readonly TableName[],
  { snapshot, devices, commands }: SqlSources,
  { sql, timeZone }: SqlJob,
): Promise<void> {
  const nothing = { files: [], days: [], erasures: [] };
  const sourceOf = (name: TableName) =>
    (mentioned.includes(name) ? snapshot : undefined) ?? nothing;
  await createReadings(connection, sourceOf('telemetry'));
  const linked = needsLinks(sql);
  for (const tier of rollupTiers) {
    await createRollup(connection, sourceOf(`rollup_${tier}`), { tier, timeZone, linked });
  }
  await createTable(connection, 'devices', devices);
  await createTable(connection, 'commands', commands);
}

/** Takes rows as they come, and stops when there are enough of them. */
async function answer(
  prepared: DuckDBPreparedStatement,
  { limit, mostBytes }: SqlJob,
): Promise<Omit<SqlAnswer, 'elapsedMs'>> {
  const result = await prepared.stream();
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, at) => ({ name, type: String(types[at]) }));
  const rows: string[] = [];
  let bytes = 2;
  let truncated = false;
  for (let chunk = await result.fetchChunk(); chunk; chunk = await result.fetchChunk()) {
    if (chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) {
      if (rows.length === limit) {
        truncated = true;
        break;
      }
      const text = JSON.stringify(row.map(jsonOf));
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > mostBytes) {
        truncated = true;
        break;
      }
      rows.push(text);
    }
    if (truncated) break;
  }
  return { columns, rows: `[${rows.join(',')}]`, rowCount: rows.length, truncated };
}
