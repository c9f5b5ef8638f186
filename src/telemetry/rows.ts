import { isoOfMicroseconds } from '#kernel';
import type { TelemetryRow, Value } from './types.ts';
import type { Page } from './worker/protocol.ts';

/** Rows as they are shown, from the columns in which they came. */
export function rowsOf(page: Page): TelemetryRow[] {
  const rows: TelemetryRow[] = [];
  for (let at = 0; at < page.timesUs.length; at++) {
    const row: Record<string, Value | null> = {};
    row.timestamp = isoOfMicroseconds(page.timesUs[at] as number);
    for (let column = 0; column < page.names.length; column++) {
      const value = page.columns[column]?.[at];
      if (value !== undefined) row[page.names[column] as string] = value;
    }
    rows.push(row as TelemetryRow);
  }
  return rows;
}
