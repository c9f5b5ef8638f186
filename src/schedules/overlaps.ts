import type { Entry } from './book.ts';

const horizonMs = 14 * 86_400_000;
const mostSpans = 60;

/**
 * The schedules among `others` that have a window at the same time as one of `entry`'s next: of two
 * weeks, or its very next. Moments overlap with nothing.
 */
export function overlapsOf(entry: Entry, others: readonly Entry[], nowMs: number): string[] {
  const windows = nextWindows(entry, nowMs);
  return others
    .filter(({ record }) => record.enabled && record.id !== entry.record.id)
    .filter(({ timetable }) =>
      windows.some(({ startMs, endMs }) => {
        const other = timetable.last(endMs - 1);
        return other?.endMs !== undefined && other.endMs > startMs;
      }),
    )
    .map(({ record }) => record.id);
}

function nextWindows(
  { record, timetable }: Entry,
  nowMs: number,
): { startMs: number; endMs: number }[] {
  if (!record.enabled) return [];
  const windows: { startMs: number; endMs: number }[] = [];
  const open = timetable.last(nowMs);
  let span = open?.endMs !== undefined && open.endMs > nowMs ? open : timetable.next(nowMs);
  while (span?.endMs !== undefined && windows.length < mostSpans) {
    if (windows.length > 0 && span.startMs > nowMs + horizonMs) break;
    windows.push({ startMs: span.startMs, endMs: span.endMs });
    span = timetable.next(span.startMs);
  }
  return windows;
}
