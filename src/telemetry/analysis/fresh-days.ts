import type { DuckDBConnection } from '@duckdb/node-api';
import { Buckets } from '../buckets.ts';
import type { Day } from '../worker/manifest.ts';
import type { Snapshot } from '../worker/protocol.ts';
import { quoted } from './database.ts';

/** A day with readings that compaction has not seen yet. */
export interface FreshDay extends Day {
  /** Whether it was compacted before they came. */
  readonly isCompacted: boolean;
}

/** No day of any zone begins within one of these. */
const pieceUs = 15 * 60e6;
const dayUs = 86_400e6;

/** The days of what arrived since the last compaction, in order. */
export async function daysOf(
  connection: DuckDBConnection,
  { files, days }: Pick<Snapshot, 'files' | 'days'>,
  timeZone: string,
): Promise<FreshDay[]> {
  const newcomers = files.filter(({ tier }) => tier === 'sealed' || tier === 'tail');
  if (newcomers.length === 0) return [];
  const paths = newcomers.map(({ path }) => quoted(path)).join(', ');
  const pieces = await readCells(
    connection,
    `SELECT DISTINCT epoch_us(time) // ${pieceUs} AS piece FROM read_parquet([${paths}]) ORDER BY piece`,
  );
  return freshDaysOf(
    pieces.map(([piece]) => Number(piece) * pieceUs),
    days,
    timeZone,
  );
}

/** The days that instants lie in: those there are, and between them the calendar's. */
export function freshDaysOf(
  instantsUs: readonly number[],
  days: readonly Day[],
  timeZone: string,
): FreshDay[] {
  const fresh: FreshDay[] = [];
  const [firstUs, lastUs] = [instantsUs[0], instantsUs.at(-1)];
  if (firstUs === undefined || lastUs === undefined) return fresh;
  const calendar = new Buckets(dayUs, timeZone, firstUs, lastUs);
  for (const atUs of instantsUs) {
    if (atUs < (fresh.at(-1)?.untilUs ?? Number.NEGATIVE_INFINITY)) continue;
    const known = days.findLast(({ fromUs }) => fromUs <= atUs);
    if (known !== undefined && atUs < known.untilUs) {
      fresh.push({ ...known, isCompacted: true });
      continue;
    }
    const next = days.find(({ fromUs }) => fromUs > atUs);
    fresh.push({
      fromUs: Math.max(calendar.floor(atUs), known?.untilUs ?? Number.NEGATIVE_INFINITY),
      untilUs: Math.min(calendar.after(atUs), next?.fromUs ?? Number.POSITIVE_INFINITY),
      zone: timeZone,
      isCompacted: false,
    });
  }
  return fresh;
}

/** All cells of a small answer. */
export async function readCells(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await (await connection.run(sql)).getRows()) as unknown[][];
}
