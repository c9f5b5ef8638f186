import { Zone } from '#kernel';

/** What a time may be compared with: the same length of time just before, or as the calendar has it. */
export const comparisons = ['previous', '1d', '1w', '1mo', '1y'] as const;
export type Comparison = (typeof comparisons)[number];

const dayUs = 86_400e6;

/** An instant of the earlier time. */
export interface Shifted {
  readonly us: number;
  /** False where the calendar has no such time: the 31st of a shorter month, an hour left out. */
  readonly exists: boolean;
}

export interface EarlierTime {
  readonly startUs: number;
  readonly endUs: number;
  /** When it was then; absent where both times are cut into buckets alike, one after the other. */
  readonly shift?: (us: number) => Shifted;
}

/** The time that another is compared with, by the calendar of a zone. */
export function earlierTime(
  comparison: Comparison,
  span: { readonly startUs: number; readonly endUs: number },
  timeZone: string,
): EarlierTime {
  const { startUs, endUs } = span;
  const zone = new Zone(timeZone);
  const localOf = (us: number): number => us + zone.offsetAt(us);
  const shiftBy = (earlier: (localUs: number) => Shifted): EarlierTime => {
    const shift = (us: number): Shifted => {
      const local = earlier(localOf(us));
      const then = zone.instantOf(local.us);
      return { us: then, exists: local.exists && localOf(then) === local.us };
    };
    return { startUs: shift(startUs).us, endUs: shift(endUs).us, shift };
  };
  const byDays = (days: number): EarlierTime =>
    shiftBy((localUs) => ({ us: localUs - days * dayUs, exists: true }));
  switch (comparison) {
    case '1d':
      return byDays(1);
    case '1w':
      return byDays(7);
    case '1mo':
      return shiftBy((localUs) => monthsBefore(localUs, 1));
    case '1y':
      return shiftBy((localUs) => monthsBefore(localUs, 12));
    case 'previous': {
      const days = (localOf(endUs) - localOf(startUs)) / dayUs;
      // Days remain days where the clocks change between them.
      if (days >= 1 && Number.isInteger(days)) return byDays(days);
      return { startUs: startUs - (endUs - startUs), endUs: startUs };
    }
  }
}

/** The same day and time of an earlier month, or the last day of it where it has no such day. */
function monthsBefore(localUs: number, months: number): Shifted {
  const date = new Date(Math.floor(localUs / dayUs) * (dayUs / 1000));
  const timeOfDayUs = localUs - date.getTime() * 1000;
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() - months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), lastDay);
  return {
    us: Date.UTC(year, month, day) * 1000 + timeOfDayUs,
    exists: day === date.getUTCDate(),
  };
}
