/** What the wall clock shows, minute by minute, by asking Intl: nothing of the code under test. */

export const zones = [
  'Africa/Johannesburg',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
] as const;
export type ZoneName = (typeof zones)[number];

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-03-29 02:30` as the clock shows it. */
export function shownAt(zone: string, instantMs: number): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(zone, format);
  }
  return format.format(instantMs);
}

const aheadMs = (zone: string, instantMs: number): number =>
  Date.parse(`${shownAt(zone, instantMs).replace(' ', 'T')}:00Z`) - instantMs;

/** Every change of the clock from 2024 to 2030, to the minute. */
export function changesOf(zone: string): number[] {
  const changes: number[] = [];
  const endMs = Date.UTC(2031, 0, 1);
  for (let atMs = Date.UTC(2024, 0, 1); atMs < endMs; atMs += dayMs) {
    const before = aheadMs(zone, atMs);
    if (aheadMs(zone, atMs + dayMs) === before) continue;
    let changeMs = atMs;
    while (aheadMs(zone, changeMs) === before) changeMs += minuteMs;
    changes.push(changeMs);
  }
  return changes;
}

/** A stretch of days on the wall, each minute of it looked up. */
export class Calendar {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly #firstShown = new Map<string, number>();
  /** Latest time shown up to each minute, in order: to find the change where a time is left out. */
  readonly #latest: { readonly shown: string; readonly atMs: number }[] = [];

  constructor(zone: string, fromMs: number, untilMs: number) {
    this.fromMs = fromMs;
    this.untilMs = untilMs;
    let latest = '';
    for (let atMs = fromMs; atMs < untilMs; atMs += minuteMs) {
      const shown = shownAt(zone, atMs);
      if (!this.#firstShown.has(shown)) this.#firstShown.set(shown, atMs);
      if (shown > latest) {
        latest = shown;
        this.#latest.push({ shown, atMs });
      }
    }
  }

  /** Whether the clock ever shows a time. */
  isShown(shown: string): boolean {
    return this.#firstShown.has(shown);
  }

  /** When a time is shown first; where it is left out, when the clock first shows a later one. */
  instantOf(shown: string): number {
    const first = this.#firstShown.get(shown);
    if (first !== undefined) return first;
    const later = this.#latest.find((entry) => entry.shown > shown);
    if (later === undefined) throw new Error(`${shown} is not on this calendar`);
    return later.atMs;
  }
}

/** The local dates `2026-03-27` and on, `count` of them. */
export function datesFrom(first: string, count: number): string[] {
  const startMs = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, day) =>
    new Date(startMs + day * dayMs).toISOString().slice(0, 10),
  );
}

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export const weekdayOf = (date: string) =>
  names[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? 'sun';
export const dayAfter = (date: string): string => datesFrom(date, 2)[1] ?? date;

export interface Change {
  readonly zone: ZoneName;
  readonly changeMs: number;
}

/** Every change of every zone; where the clock never changes, the end of March of each year. */
export const everyChange: readonly Change[] = zones.flatMap((zone) => {
  const found = changesOf(zone);
  const years = [2024, 2025, 2026, 2027, 2028, 2029, 2030];
  const moments = found.length > 0 ? found : years.map((year) => Date.UTC(year, 2, 29, 1));
  return moments.map((changeMs) => ({ zone, changeMs }));
});
