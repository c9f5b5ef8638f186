/** When a schedule speaks, as data: what is kept, and what the timetables are made of. */

export const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type DayName = (typeof dayNames)[number];

/** A window on days of the week; `start` and `end` are `18:00`, `sunset` or `sunrise+00:30`. */
export interface WeeklyRule {
  readonly kind: 'weekly';
  readonly days: readonly DayName[];
  readonly start: string;
  readonly end: string;
}

/** One moment, or one window with `until`: a wall time `2026-03-29T18:00`, or ISO 8601 with a zone. */
export interface OnceRule {
  readonly kind: 'once';
  readonly at: string;
  readonly until?: string;
}

/** Moments by a cron expression of five fields, or windows that begin at them. */
export interface CronRule {
  readonly kind: 'cron';
  readonly cron: string;
  readonly durationMinutes?: number;
}

export type Rule = WeeklyRule | OnceRule | CronRule;

export const longestWindowMs = 7 * 86_400_000;
