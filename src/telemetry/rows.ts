import { isoOfMicroseconds } from '#kernel';
import type { TelemetryRow, Value } from './types.ts';
import type { Page } from './worker/protocol.ts';

/** Opens a sealed value of a metric at a time; `null` when it cannot be opened. */
export type Reveal = (metric: string, timeUs: number, sealed: string) => Value | null;

/** Rows as they are shown, from the columns in which they came; some of a page, or all of it. */
export function rowsOf(
  page: Page,
  reveal: Reveal,
  start = 0,
  end: number = page.timesUs.length,
): TelemetryRow[] {
  const rows: TelemetryRow[] = [];
  for (let at = start; at < end; at++) {
    const timeUs = page.timesUs[at] as number;
    const row: Record<string, Value | null> = {};
    row.timestamp = isoOfMicroseconds(timeUs);
    for (let column = 0; column < page.names.length; column++) {
      const cell = page.columns[column]?.[at];
      if (cell === undefined) continue;
      const name = page.names[column] as string;
      row[name] =
        typeof cell === 'object' && cell !== null ? reveal(name, timeUs, cell.sealed) : cell;
    }
    rows.push(row as TelemetryRow);
  }
  return rows;
}
