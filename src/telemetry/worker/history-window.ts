import type { TelemetryQuery } from '../types.ts';
import type { Cursor, Page } from './protocol.ts';

/** A stretch of time: from `startUs`, before `endUs`. */
export interface Window {
  readonly startUs: number;
  readonly endUs: number;
}

export const emptyPage: Page = {
  timesUs: new Float64Array(),
  names: [],
  columns: [],
  next: undefined,
};

export const isDescending = (query: TelemetryQuery): boolean => query.order === 'desc';

export const rowsLeftOf = (query: TelemetryQuery, cursor: Cursor | undefined): number =>
  cursor?.rowsLeft ?? query.limit ?? Number.MAX_SAFE_INTEGER;

/** The part of the query's time that is still to come. */
export function remaining(query: TelemetryQuery, cursor: Cursor | undefined): Window {
  const startUs = isDescending(query) ? query.startUs : (cursor?.edgeUs ?? query.startUs);
  const endUs = isDescending(query) ? (cursor?.edgeUs ?? query.endUs) : query.endUs;
  return { startUs, endUs };
}
