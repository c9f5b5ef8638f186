import { cronTimetable } from './cron.ts';
import { onceTimetable } from './once.ts';
import type { Place } from './place.ts';
import type { Rule } from './rule.ts';
import { weeklyTimetable } from './weekly.ts';

/** A window, or a moment when it has no end. Milliseconds since 1970; the end is not part of it. */
export interface Span {
  readonly startMs: number;
  /** Never before the start, and at the latest when the next span begins. */
  readonly endMs: number | undefined;
}

/** A rule's spans in order. No two begin at the same instant, and none overlaps the next. */
export interface Timetable {
  /** The newest span that began at or before an instant, as far as that is worth remembering. */
  last(atMs: number): Span | undefined;
  /** The first span that begins after an instant. */
  next(afterMs: number): Span | undefined;
}

/**
 * Makes a rule's timetable at a place.
 * @throws HearthError `unprocessable` naming the field and the value that cannot be.
 */
export function timetableOf(rule: Rule, place: Place): Timetable {
  switch (rule.kind) {
    case 'weekly':
      return weeklyTimetable(rule, place);
    case 'once':
      return onceTimetable(rule, place);
    case 'cron':
      return cronTimetable(rule, place);
  }
}

/** A timetable on which nothing ever happens. */
export const never: Timetable = { last: () => undefined, next: () => undefined };

export type EdgeKind = 'start' | 'end' | 'once';

export interface Edge {
  readonly atMs: number;
  readonly edge: EdgeKind;
  /** When the window began that the edge is of; the moment itself for `once`. */
  readonly windowStartMs: number;
}

/** The edges after an instant, in order, for as long as anyone asks. */
export function* edgesAfter(timetable: Timetable, afterMs: number): Generator<Edge> {
  const open = timetable.last(afterMs);
  if (open?.endMs !== undefined && open.endMs > afterMs) yield endOf(open.startMs, open.endMs);
  for (
    let span = timetable.next(afterMs);
    span !== undefined;
    span = timetable.next(span.startMs)
  ) {
    const { startMs, endMs } = span;
    if (endMs === undefined) {
      yield { atMs: startMs, edge: 'once', windowStartMs: startMs };
    } else {
      yield { atMs: startMs, edge: 'start', windowStartMs: startMs };
      yield endOf(startMs, endMs);
    }
  }
}

/** Every edge from `fromMs` until before `untilMs`, in order. */
export function occurrences(timetable: Timetable, fromMs: number, untilMs: number): Edge[] {
  const edges: Edge[] = [];
  for (const edge of edgesAfter(timetable, fromMs - 1)) {
    if (edge.atMs >= untilMs) break;
    edges.push(edge);
  }
  return edges;
}

/** The next edges after an instant, `count` at most. */
export function nextEdges(timetable: Timetable, afterMs: number, count: number): Edge[] {
  const edges: Edge[] = [];
  for (const edge of edgesAfter(timetable, afterMs)) {
    if (edges.push(edge) >= count) break;
  }
  return edges;
}

const endOf = (startMs: number, endMs: number): Edge => ({
  atMs: endMs,
  edge: 'end',
  windowStartMs: startMs,
});
