import type { Aggregate, MetricStatistics, Value } from './types.ts';

/** A value of one metric at its time. */
export interface Reading {
  readonly timeUs: number;
  readonly value: Value;
}

/** The metric that energy is integrated from, in watts. */
export const powerMetric = 'power';
/**
 * Between readings further apart than this nothing is known, and nothing is counted. Above the five
 * minutes at which Tasmota reports by default, with room for a lost report.
 */
export const widestGapUs = 15 * 60e6;
export const joulesPerKwh = 3.6e6;

/**
 * Sums readings up as the storage worker does in SQL, for those that it cannot read: booleans count
 * as 0 and 1, texts only for `count`, `first` and `last`. The readings come in order of time.
 */
export class Summary {
  readonly #readings: readonly Reading[];
  readonly #numbers: readonly number[];

  constructor(readings: readonly Reading[]) {
    this.#readings = readings;
    this.#numbers = readings.flatMap(({ value }) =>
      typeof value === 'string' ? [] : [Number(value)],
    );
  }

  /** `null` where there is nothing to tell it from. */
  tell(aggregate: Aggregate): Value | null {
    const numbers = this.#numbers;
    switch (aggregate) {
      case 'count':
        return this.#readings.length;
      case 'first':
        return this.#readings[0]?.value ?? null;
      case 'last':
        return this.#readings.at(-1)?.value ?? null;
      case 'sum':
        return numbers.length === 0 ? null : this.#sum;
      case 'avg':
        return numbers.length === 0 ? null : this.#sum / numbers.length;
      case 'min':
        return numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b));
      case 'max':
        return numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b));
    }
  }

  statistics(): MetricStatistics {
    const sorted = this.#numbers.toSorted((a, b) => a - b);
    const number = (aggregate: Aggregate) => this.tell(aggregate) as number | null;
    return {
      count: this.#readings.length,
      min: number('min'),
      max: number('max'),
      avg: number('avg'),
      sum: number('sum'),
      first: this.tell('first'),
      last: this.tell('last'),
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
    };
  }

  get #sum(): number {
    return this.#numbers.reduce((a, b) => a + b, 0);
  }
}

/** The area under power (in watts) by trapezoids, in kWh; `null` without two neighbouring readings. */
export function energyKwhOf(readings: readonly Reading[]): number | null {
  let joules: number | null = null;
  const numbers = readings.filter(({ value }) => typeof value === 'number');
  for (let at = 1; at < numbers.length; at++) {
    const [earlier, later] = [numbers[at - 1] as Reading, numbers[at] as Reading];
    const gapUs = later.timeUs - earlier.timeUs;
    if (gapUs > widestGapUs) continue;
    const mean = ((later.value as number) + (earlier.value as number)) / 2;
    joules = (joules ?? 0) + (mean * gapUs) / 1e6;
  }
  return joules === null ? null : joules / joulesPerKwh;
}

/** Between the two values beside the place, as quantile_cont has it. */
function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
