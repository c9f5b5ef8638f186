/**
 * Time zones, from the zone data that Node carries. Offsets are looked up as seldom as can be: a
 * query over years needs the two changes of each, not one look-up a reading.
 */

const dayUs = 86_400e6;

/** From `fromUs` on, local time is UTC plus `offsetUs`. */
export interface OffsetSpan {
  readonly fromUs: number;
  readonly offsetUs: number;
}

/** A time zone by its IANA name. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError when there is no such zone. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** What local time is ahead of UTC at an instant. */
  offsetAt(timeUs: number): number {
    if (this.name === 'UTC') return 0;
    const timeMs = Math.floor(timeUs / 1e6) * 1000;
    const parts: Record<string, string> = {};
    for (const part of this.#format.formatToParts(timeMs)) parts[part.type] = part.value;
    const localMs = Date.UTC(
      Number(parts.year),
      Number(parts.month) - 1,
      Number(parts.day),
      Number(parts.hour),
      Number(parts.minute),
      Number(parts.second),
    );
    return (localMs - timeMs) * 1000;
  }

  /** The offsets that hold between two instants, in order; the first holds from `startUs`. */
  offsets(startUs: number, endUs: number): OffsetSpan[] {
    let offsetUs = this.offsetAt(startUs);
    const spans: OffsetSpan[] = [{ fromUs: startUs, offsetUs }];
    if (this.name === 'UTC') return spans;
    // Governments change offsets at most once in this long.
    const stepUs = 7 * dayUs;
    for (let atUs = startUs; atUs < endUs; atUs += stepUs) {
      const nextUs = Math.min(atUs + stepUs, endUs);
      if (this.offsetAt(nextUs) === offsetUs) continue;
      const changeUs = this.#changeBetween(atUs, nextUs, offsetUs);
      offsetUs = this.offsetAt(nextUs);
      spans.push({ fromUs: changeUs, offsetUs });
    }
    return spans;
  }

  /**
   * The first instant whose local time is `localUs`; for a local time that a clock change leaves out,
   * the instant of that change. A later local time never has an earlier instant.
   */
  instantOf(localUs: number): number {
    const before = this.offsetAt(localUs - dayUs);
    const after = this.offsetAt(localUs + dayUs);
    const early = localUs - Math.max(before, after);
    const late = localUs - Math.min(before, after);
    if (early + this.offsetAt(early) === localUs) return early;
    if (late + this.offsetAt(late) === localUs) return late;
    return this.#changeBetween(early, late, this.offsetAt(early));
  }

  #changeBetween(fromUs: number, untilUs: number, offsetUs: number): number {
    let low = Math.floor(fromUs / 1e6);
    let high = Math.ceil(untilUs / 1e6);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle * 1e6) === offsetUs) low = middle;
      else high = middle;
    }
    return high * 1e6;
  }
}
