import type { TelemetryQuery } from '../types.ts';
import { readBucketed } from './bucket-history.ts';
import { emptyPage } from './history-window.ts';
import type { Cursor, Page } from './protocol.ts';
import { readRaw } from './raw-history.ts';
import type { Reader } from './reader.ts';
import { readThinned } from './thinned-history.ts';

/**
 * One page of a device's history. The worker remembers nothing between pages: a reader that goes
 * slowly, or goes away, holds up neither the database nor anyone else.
 */
export async function readPage(
  reader: Reader,
  query: TelemetryQuery,
  cursor: Cursor | undefined,
): Promise<Page> {
  if (query.endUs <= query.startUs || cursor?.rowsLeft === 0) return emptyPage;
  if (query.points !== undefined) {
    return readThinned(reader, query, {
      points: query.points,
      thinning: query.thinning ?? 'lttb',
    });
  }
  return query.intervalMs === undefined
    ? readRaw(reader, query, cursor)
    : readBucketed(reader, query, query.intervalMs * 1000, cursor);
}
