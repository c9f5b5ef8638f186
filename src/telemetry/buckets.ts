import { HearthError, type OffsetSpan, Zone } from '#kernel';

const hourUs = 3600e6;
const dayUs = 24 * hourUs;
/** Monday 1970-01-05: so that weeks begin on Mondays, and every divisor of a week fits too. */
const mondayUs = 4 * dayUs;

/**
 * How time is cut into buckets: at whole intervals of local time, so that hours begin on the hour
 * and days at midnight there. A bucket of up to an hour always lasts as long as it says (the hour
 * that a clock change repeats is two), unless a change cuts it short; longer ones follow the wall
 * clock, so that a day may last 23 or 25 hours. Every instant lies in one bucket, and a bucket is one
 * stretch of time: where the clocks go back over an edge, it counts the first time alone.
 */
export class Buckets {
  readonly intervalUs: number;
  readonly #spans: readonly OffsetSpan[];
  readonly #wall: boolean;
  /** Where counting begins: before all time that is asked for, since SQL divides towards zero. */
  readonly #originUs: number;

  /** For instants from `startUs` until `endUs`. @throws RangeError for an unknown time zone. */
  constructor(intervalUs: number, timeZone: string, startUs: number, endUs: number) {
    this.intervalUs = intervalUs;
    this.#wall = intervalUs > hourUs;
    const steps = Math.ceil((mondayUs + 3 * dayUs - Math.min(0, startUs)) / intervalUs) + 1;
    this.#originUs = mondayUs - steps * intervalUs;
    // A bucket begins before the first instant it is asked for, and ends after the last.
    this.#spans = zoneOf(timeZone).offsets(
      startUs - intervalUs - dayUs,
      endUs + intervalUs + dayUs,
    );
  }

  /**
   * SQL for the number that stands for the bucket of the BIGINT `timeUs`: where the bucket begins,
   * in local time for wall-clock buckets and in UTC for the others.
   */
  keySql(timeUs: string): string {
    return this.#bySpan(timeUs, (at, { fromUs, offsetUs }, before) => {
      if (!this.#wall) {
        const key = this.#floorSql(`${at} + ${offsetUs}`, -offsetUs);
        return before === undefined ? key : `greatest(${key}, ${fromUs})`;
      }
      const local = `${at} + ${offsetUs}`;
      return this.#floorSql(
        before === undefined || before.offsetUs <= offsetUs
          ? local
          : `greatest(${local}, ${fromUs + before.offsetUs - 1})`,
        0,
      );
    });
  }

  /** SQL for when the bucket with this key begins, in UTC. */
  startSql(key: string): string {
    if (!this.#wall) return `(${key})`;
    const [first, ...later] = this.#spans as [OffsetSpan, ...OffsetSpan[]];
    let sql = '';
    let span = first;
    let clip = '';
    for (const next of later) {
      const begin = clip === '' ? `(${key}) - ${span.offsetUs}` : clip;
      sql += ` WHEN (${key}) < ${next.fromUs + span.offsetUs} THEN ${begin}`;
      clip = `greatest((${key}) - ${next.offsetUs}, ${next.fromUs})`;
      span = next;
    }
    const last = clip === '' ? `(${key}) - ${span.offsetUs}` : clip;
    return sql === '' ? `(${last})` : `(CASE${sql} ELSE ${last} END)`;
  }

  /** SQL for when it ends, likewise. */
  endSql(key: string): string {
    if (this.#wall) return this.startSql(`(${key}) + ${this.intervalUs}`);
    return this.#bySpan(key, (at, { offsetUs }, _before, next) => {
      const end = this.#floorSql(`${at} + ${offsetUs}`, this.intervalUs - offsetUs);
      return next === undefined ? end : `least(${end}, ${next.fromUs})`;
    });
  }

  /** When the bucket with this key begins, in UTC. */
  startOf(key: number): number {
    if (!this.#wall) return key;
    for (let at = 0; ; at++) {
      const span = this.#spans[at] as OffsetSpan;
      const next = this.#spans[at + 1];
      if (next !== undefined && key >= next.fromUs + span.offsetUs) continue;
      return at === 0 ? key - span.offsetUs : Math.max(key - span.offsetUs, span.fromUs);
    }
  }

  /** When the bucket that an instant lies in begins. */
  floor(timeUs: number): number {
    return this.startOf(this.#keyOf(timeUs));
  }

  /** When the bucket that an instant lies in ends: where the one after it begins. */
  after(timeUs: number): number {
    const key = this.#keyOf(timeUs);
    if (this.#wall) {
      // A zone that left a day out has buckets without any time in them.
      for (let next = key + this.intervalUs; ; next += this.intervalUs) {
        const startUs = this.startOf(next);
        if (startUs > timeUs) return startUs;
      }
    }
    const at = this.#spanAt(timeUs);
    const { offsetUs } = this.#spans[at] as OffsetSpan;
    const end = this.#floor(timeUs + offsetUs) - offsetUs + this.intervalUs;
    return Math.min(end, this.#spans[at + 1]?.fromUs ?? end);
  }

  #keyOf(timeUs: number): number {
    const at = this.#spanAt(timeUs);
    const { fromUs, offsetUs } = this.#spans[at] as OffsetSpan;
    const before = this.#spans[at - 1];
    if (!this.#wall) {
      const key = this.#floor(timeUs + offsetUs) - offsetUs;
      return before === undefined ? key : Math.max(key, fromUs);
    }
    const localUs = timeUs + offsetUs;
    return this.#floor(
      before === undefined ? localUs : Math.max(localUs, fromUs + before.offsetUs - 1),
    );
  }

  #floor(localUs: number): number {
    const steps = Math.floor((localUs - this.#originUs) / this.intervalUs);
    return steps * this.intervalUs + this.#originUs;
  }

  #floorSql(local: string, plusUs: number): string {
    const steps = `(${local} - ${this.#originUs}) // ${this.intervalUs}`;
    return `(${steps}) * ${this.intervalUs} + ${this.#originUs + plusUs}`;
  }

  #spanAt(timeUs: number): number {
    const at = this.#spans.findLastIndex((one) => one.fromUs <= timeUs);
    return Math.max(0, at);
  }

  #bySpan(
    time: string,
    sqlOf: (
      at: string,
      span: OffsetSpan,
      before: OffsetSpan | undefined,
      next: OffsetSpan | undefined,
    ) => string,
  ): string {
    const at = `(${time})`;
    const cases = this.#spans.map((span, place) => ({
      fromUs: span.fromUs,
      sql: sqlOf(at, span, this.#spans[place - 1], this.#spans[place + 1]),
    }));
    const [first, ...later] = cases;
    if (later.length === 0) return `(${first?.sql})`;
    const whens = later
      .toReversed()
      .map(({ fromUs, sql }) => `WHEN ${at} >= ${fromUs} THEN ${sql}`);
    return `(CASE ${whens.join(' ')} ELSE ${first?.sql} END)`;
  }
}

const zones = new Map<string, Zone>();

/** Zones are dear to make, and a home asks for one or two. */
function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = new Zone(name);
  if (zones.size >= 100) zones.clear();
  zones.set(name, zone);
  return zone;
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
