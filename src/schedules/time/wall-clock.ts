import { type OffsetSpan, Zone } from '#kernel';

const dayMs = 86_400_000;
/** Around a change of the clock the answers are kept; a home asks for few different ones. */
const mostKept = 2000;

/**
 * What a clock on the wall at home shows, and when. A wall time is milliseconds as if the clock
 * showed UTC. Each wall time happens once: the first time where a change of the clock repeats it, at
 * the instant of the change where it is left out; a later wall time never has an earlier instant.
 *
 * Intl is slow (microseconds for each question), so the offsets of a year are looked up together.
 */
export class WallClock {
  readonly #zone: Zone;
  readonly #years = new Map<number, readonly OffsetSpan[]>();
  readonly #nearChange = new Map<number, number>();

  /** @throws RangeError when there is no such zone. */
  constructor(timeZone: string) {
    this.#zone = new Zone(timeZone);
  }

  /** What the wall clock shows at an instant. */
  wallOf(instantMs: number): number {
    return instantMs + offsetIn(this.#spansAround(instantMs), instantMs);
  }

  /** When the wall clock shows `wallMs`. */
  instantOf(wallMs: number): number {
    const spans = this.#spansAround(wallMs);
    const before = offsetIn(spans, wallMs - dayMs);
    if (before === offsetIn(spans, wallMs + dayMs)) return wallMs - before;
    let instantMs = this.#nearChange.get(wallMs);
    if (instantMs === undefined) {
      instantMs = this.#zone.instantOf(wallMs * 1000) / 1000;
      if (this.#nearChange.size >= mostKept) this.#nearChange.clear();
      this.#nearChange.set(wallMs, instantMs);
    }
    return instantMs;
  }

  /**
   * The latest wall time that has happened by an instant. It is ahead of what the clock shows while
   * the clock goes through the same hour again.
   */
  latestBy(instantMs: number): number {
    const spans = this.#spansAround(instantMs);
    let latestMs = instantMs + offsetIn(spans, instantMs);
    spans.forEach(({ fromUs }, index) => {
      const before = spans[index - 1];
      const changeMs = fromUs / 1000;
      if (before === undefined || changeMs > instantMs || changeMs < instantMs - dayMs) return;
      latestMs = Math.max(latestMs, changeMs + before.offsetUs / 1000 - 1);
    });
    return latestMs;
  }

  /** The offsets of the year of `timeMs`, and of two days on either side. */
  #spansAround(timeMs: number): readonly OffsetSpan[] {
    const year = new Date(timeMs).getUTCFullYear();
    let spans = this.#years.get(year);
    if (spans === undefined) {
      const startMs = Date.UTC(year, 0, 1) - 2 * dayMs;
      const endMs = Date.UTC(year + 1, 0, 1) + 2 * dayMs;
      spans = this.#zone.offsets(startMs * 1000, endMs * 1000);
      this.#years.set(year, spans);
    }
    return spans;
  }
}

function offsetIn(spans: readonly OffsetSpan[], timeMs: number): number {
  const timeUs = timeMs * 1000;
  for (let index = spans.length - 1; index > 0; index--) {
    const span = spans[index] as OffsetSpan;
    if (span.fromUs <= timeUs) return span.offsetUs / 1000;
  }
  return (spans[0]?.offsetUs ?? 0) / 1000;
}
