import { Zone } from '#kernel';
import type { Day } from '../manifest.ts';
import type { Tier } from './tiers.ts';

const dayUs = 86_400e6;

/** A stretch of time that files are made for: from `fromUs`, before `untilUs`. */
export interface Stretch {
  readonly fromUs: number;
  readonly untilUs: number;
}

/** The days that there are already; `Manifest` is the real one. */
export interface KnownDays {
  dayAt(us: number): Day | undefined;
  days(startUs: number, endUs: number): Day[];
}

/**
 * The day that an instant belongs to: the one there is, or else the calendar day of `zone`, as far
 * as its neighbours leave room for it. So days never overlap, also where the home has moved.
 */
export function dayFor(us: number, known: KnownDays, zone: Zone): Day {
  const there = known.dayAt(us);
  if (there !== undefined) return there;
  const whole = calendarStretch(us, zone, (local) => [
    Math.floor(local / dayUs) * dayUs,
    (Math.floor(local / dayUs) + 1) * dayUs,
  ]);
  return { ...clipped(whole, us, known.days(whole.fromUs, whole.untilUs)), zone: zone.name };
}

/**
 * What the file of a tier stands for that a day belongs to: that of a file there is, or else a day
 * (raw, 1m), a calendar month (1h) or year (1d), as far as its neighbours leave room for it.
 */
export function stretchFor(tier: Tier, day: Day, taken: readonly Stretch[]): Stretch {
  if (tier === 'raw' || tier === '1m') return { fromUs: day.fromUs, untilUs: day.untilUs };
  const there = taken.find((one) => one.fromUs <= day.fromUs && day.fromUs < one.untilUs);
  if (there !== undefined) return { fromUs: there.fromUs, untilUs: there.untilUs };
  const whole = calendarStretch(day.fromUs, new Zone(day.zone), (local) => {
    const date = new Date(local / 1000);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    return tier === '1h'
      ? [localUs(year, month), localUs(year, month + 1)]
      : [localUs(year, 0), localUs(year + 1, 0)];
  });
  return clipped(whole, day.fromUs, taken);
}

/** The first instant of a month, in local time. */
function localUs(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return date.getTime() * 1000;
}

function calendarStretch(
  us: number,
  zone: Zone,
  edges: (localUs: number) => readonly [number, number],
): Stretch {
  const [from, until] = edges(us + zone.offsetAt(us));
  return { fromUs: zone.instantOf(from), untilUs: zone.instantOf(until) };
}

function clipped(whole: Stretch, us: number, neighbours: readonly Stretch[]): Stretch {
  let { fromUs, untilUs } = whole;
  for (const one of neighbours) {
    if (one.untilUs <= us) fromUs = Math.max(fromUs, one.untilUs);
    if (one.fromUs > us) untilUs = Math.min(untilUs, one.fromUs);
  }
  return { fromUs, untilUs };
}

/** The days there are, and those that a compaction is about to make. */
export class DayBook implements KnownDays {
  readonly #known: KnownDays;
  readonly #added: Day[] = [];

  constructor(known: KnownDays) {
    this.#known = known;
  }

  get added(): readonly Day[] {
    return this.#added;
  }

  dayAt(us: number): Day | undefined {
    return this.#known.dayAt(us) ?? this.#added.find((day) => day.fromUs <= us && us < day.untilUs);
  }

  days(startUs: number, endUs: number): Day[] {
    const added = this.#added.filter((day) => day.untilUs > startUs && day.fromUs < endUs);
    return [...this.#known.days(startUs, endUs), ...added].sort((a, b) => a.fromUs - b.fromUs);
  }

  /** The day of an instant; it is one of `added` when it was none before. */
  dayFor(us: number, zone: Zone): Day {
    const there = this.dayAt(us);
    if (there !== undefined) return there;
    const day = dayFor(us, this, zone);
    this.#added.push(day);
    return day;
  }
}
