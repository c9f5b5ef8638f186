import { joulesPerKwh, type Sums, tell } from './sums.ts';
import type { Aggregate, MetricStatistics, Value } from './types.ts';

/** A value of one metric at its time. */
export interface Reading {
  readonly timeUs: number;
  readonly value: Value;
}

/** The metric that energy is integrated from, in watts. */
export const powerMetric = 'power';

/** Whether a metric is by its name a power in watts: energy under anything else means nothing. */
export const isPower = (metric: string): boolean =>
  /(^|[_.])power$|apower$|_w$/i.test(metric) && !/apparent|reactive/i.test(metric);

/** What of the named is told of a metric: energy of a power alone. */
export const toldOf = (metric: string, named: readonly Aggregate[]): readonly Aggregate[] =>
  isPower(metric) ? named : named.filter((aggregate) => aggregate !== 'energy');

/**
 * Between readings further apart than this nothing is known, and nothing is counted. Above the five
 * minutes at which Tasmota reports by default, with room for a lost report.
 */
export const widestGapUs = 15 * 60e6;

/** A counter that was silent for longer than this has counted nothing meanwhile that is told. */
export const longestSilenceUs = 32 * 86_400e6;

/** What is known of the time around the readings of a bucket. */
export interface Around {
  /** When the bucket begins and ends. */
  readonly startUs: number;
  readonly endUs: number;
  /** The last reading before it and the first one after it, numbers or booleans both. */
  readonly earlier?: Reading | undefined;
  readonly later?: Reading | undefined;
}

/**
 * Sums readings up as the storage worker does in SQL, for those that it cannot read: booleans count
 * as 0 and 1, texts only for `count`, `first` and `last`. The readings come in order of time.
 */
export class Summary {
  readonly #readings: readonly Reading[];
  readonly #numbers: readonly Reading[];
  readonly #around: Around | undefined;

  constructor(readings: readonly Reading[], around?: Around) {
    this.#readings = readings;
    this.#numbers = readings.filter(isNumber);
    this.#around = around;
  }

  /** `null` where there is nothing to tell it from. */
  tell(aggregate: Aggregate): Value | null {
    return tell(aggregate, this.sums());
  }

  sums(): Sums {
    const values = this.#numbers.map(({ value }) => Number(value));
    const none = values.length === 0;
    return {
      count: this.#readings.length,
      numbers: values.length,
      sum: none ? null : values.reduce((a, b) => a + b, 0),
      min: none ? null : values.reduce((a, b) => Math.min(a, b)),
      max: none ? null : values.reduce((a, b) => Math.max(a, b)),
      first: this.#readings[0]?.value ?? null,
      last: this.#readings.at(-1)?.value ?? null,
      firstUs: this.#readings[0]?.timeUs ?? Number.POSITIVE_INFINITY,
      lastUs: this.#readings.at(-1)?.timeUs ?? Number.NEGATIVE_INFINITY,
      ...(none ? nothingLinked : this.#links()),
    };
  }

  statistics(): MetricStatistics {
    const sums = this.sums();
    const sorted = this.#numbers.map(({ value }) => Number(value)).sort((a, b) => a - b);
    const { count, min, max, sum, first, last } = sums;
    return {
      count,
      min,
      max,
      avg: tell('avg', sums) as number | null,
      sum,
      first,
      last,
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
    };
  }

  /** What happened between neighbouring readings, as `mergeSpans` reckons it. */
  #links(): Pick<Sums, 'area' | 'held' | 'heldSeconds' | 'increase'> {
    const { earlier, later, startUs, endUs } = this.#around ?? everAround;
    let [area, held, heldSeconds, increase] = [0, 0, 0, 0];
    const hold = ({ timeUs, value }: Reading, untilUs: number): void => {
      const end = Math.min(untilUs, timeUs + widestGapUs, endUs);
      const seconds = Math.max(0, end - Math.max(timeUs, startUs)) / 1e6;
      held += Number(value) * seconds;
      heldSeconds += seconds;
    };
    let before = earlier;
    for (const reading of this.#numbers) {
      if (before !== undefined) {
        const gapUs = reading.timeUs - before.timeUs;
        const [was, is] = [Number(before.value), Number(reading.value)];
        if (gapUs <= widestGapUs) area += (((was + is) / 2) * gapUs) / 1e6;
        if (gapUs <= longestSilenceUs) increase += is >= was ? is - was : is;
        hold(before, reading.timeUs);
      }
      before = reading;
    }
    if (before !== undefined) hold(before, later?.timeUs ?? Number.POSITIVE_INFINITY);
    return { area, held, heldSeconds, increase };
  }
}

export const isNumber = ({ value }: Reading): boolean => typeof value !== 'string';

const nothingLinked = { area: null, held: null, heldSeconds: null, increase: null };
const everAround: Around = {
  startUs: Number.NEGATIVE_INFINITY,
  endUs: Number.POSITIVE_INFINITY,
};

/** The energy under power (in watts), in kWh; `null` without two neighbouring readings. */
export function energyOf({ area, count, min, max }: Sums): number | null {
  if (area === null) return null;
  // Nothing lies under readings that all are 0, and nothing is known between any that have no neighbours.
  const isKnown = area !== 0 || (count > 1 && min === 0 && max === 0);
  return isKnown ? area / joulesPerKwh : null;
}

/** Between the two values beside the place, as quantile_cont has it. */
function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
