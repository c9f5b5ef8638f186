import { HearthError, type OffsetSpan, Zone } from '#kernel';

const hourUs = 3600e6;
/** Monday 1970-01-05: so that weeks begin on Mondays, and every divisor of a week fits too. */
const originUs = 4 * 24 * hourUs;

/**
 * How time is cut into buckets: at whole intervals of local time, so that hours begin on the hour
 * and days at midnight there. A bucket of up to an hour always lasts as long as it says (the hour
 * that a clock change repeats is two); longer ones follow the wall clock, so that a day may last 23
 * or 25 hours.
 */
export class Buckets {
  readonly intervalUs: number;
  readonly #zone: Zone;
  readonly #spans: readonly OffsetSpan[];
  readonly #wall: boolean;

  /** For instants from `startUs` until `endUs`. @throws RangeError for an unknown time zone. */
  constructor(intervalUs: number, timeZone: string, startUs: number, endUs: number) {
    this.intervalUs = intervalUs;
    this.#zone = new Zone(timeZone);
    this.#wall = intervalUs > hourUs;
    // A bucket begins before the first instant it is asked for.
    this.#spans = this.#zone.offsets(startUs - intervalUs - 24 * hourUs, endUs);
  }

  /**
   * SQL for the number that stands for the bucket of the BIGINT `timeUs`: where the bucket begins,
   * in local time for wall-clock buckets and in UTC for the others.
   */
  keySql(timeUs: string): string {
    const offset = this.#offsetSql(timeUs);
    const key = `((${timeUs} + ${offset} - ${originUs}) // ${this.intervalUs}) * ${this.intervalUs} + ${originUs}`;
    return this.#wall ? key : `${key} - ${offset}`;
  }

  /** When the bucket with this key begins, in UTC. */
  startOf(key: number): number {
    return this.#wall ? this.#zone.instantOf(key) : key;
  }

  /** When the bucket that an instant lies in begins. */
  floor(timeUs: number): number {
    const offsetUs = this.#offsetAt(timeUs);
    const steps = Math.floor((timeUs + offsetUs - originUs) / this.intervalUs);
    const localUs = steps * this.intervalUs + originUs;
    return this.#wall ? this.#zone.instantOf(localUs) : localUs - offsetUs;
  }

  /** When the bucket after the one that begins at `startUs` begins. */
  after(startUs: number): number {
    const nextUs = this.floor(startUs + this.intervalUs);
    // A day of 25 hours: one interval further is still the same day.
    return nextUs > startUs ? nextUs : this.floor(startUs + this.intervalUs + 2 * hourUs);
  }

  #offsetAt(timeUs: number): number {
    const span = this.#spans.findLast((one) => one.fromUs <= timeUs) ?? this.#spans[0];
    return span?.offsetUs ?? 0;
  }

  #offsetSql(timeUs: string): string {
    const [first, ...later] = this.#spans;
    if (later.length === 0) return String(first?.offsetUs ?? 0);
    const cases = later
      .toReversed()
      .map((span) => `WHEN ${timeUs} >= ${span.fromUs} THEN ${span.offsetUs}`);
    return `(CASE ${cases.join(' ')} ELSE ${first?.offsetUs ?? 0} END)`;
  }
}

/** The buckets of a question, in UTC unless it names a zone. @throws HearthError `bad_request` naming `tz`. */
export function bucketsFor(
  intervalUs: number,
  timeZone: string | undefined,
  startUs: number,
  endUs: number,
): Buckets {
  try {
    return new Buckets(intervalUs, timeZone ?? 'UTC', startUs, endUs);
  } catch {
    throw new HearthError('bad_request', `there is no time zone "${timeZone}"`, {
      field: 'tz',
      hint: 'Write an IANA name such as Europe/Berlin.',
    });
  }
}
