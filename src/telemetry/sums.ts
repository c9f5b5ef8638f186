import type { Aggregate, Value } from './types.ts';

export const joulesPerKwh = 3.6e6;

/** What is known of the readings of a bucket: enough for every aggregate, and to be put together. */
export interface Sums {
  /** Of all readings; texts have nothing else but a first and a last. */
  readonly count: number;
  /** Of numbers and booleans, which count as 0 and 1. */
  readonly numbers: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly first: Value | null;
  readonly last: Value | null;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Value·seconds by trapezoids between neighbours. */
  readonly area: number | null;
  /** Value·seconds, and the seconds, for which values stood. */
  readonly held: number | null;
  readonly heldSeconds: number | null;
  /** How much a counter went up. */
  readonly increase: number | null;
}

/** An aggregate of a bucket; `null` where there is nothing to tell it from. */
export function tell(aggregate: Aggregate, sums: Sums): Value | null {
  const { count, numbers, sum, min, max, first, last } = sums;
  switch (aggregate) {
    case 'count':
      return count;
    case 'first':
      return first;
    case 'last':
      return last;
    case 'sum':
      return sum;
    case 'min':
      return min;
    case 'max':
      return max;
    case 'avg':
      return sum === null || numbers === 0 ? null : sum / numbers;
    case 'time_weighted_avg':
      return timeWeighted(sums);
    case 'increase':
      return numbers === 0 ? null : sums.increase;
    case 'energy':
      return numbers === 0 || sums.area === null ? null : sums.area / joulesPerKwh;
  }
}

/** One reading that nothing came before or after stood for no time: it is its own average. */
function timeWeighted({ held, heldSeconds, sum, numbers }: Sums): number | null {
  if (held !== null && heldSeconds !== null && heldSeconds > 0) return held / heldSeconds;
  return sum === null || numbers === 0 ? null : sum / numbers;
}

/** Sums of two sets of readings as those of both. */
export function together(one: Sums, other: Sums): Sums {
  return {
    count: one.count + other.count,
    numbers: one.numbers + other.numbers,
    sum: plus(one.sum, other.sum),
    min: chosen(one.min, other.min, Math.min),
    max: chosen(one.max, other.max, Math.max),
    first: one.firstUs <= other.firstUs ? one.first : other.first,
    last: one.lastUs >= other.lastUs ? one.last : other.last,
    firstUs: Math.min(one.firstUs, other.firstUs),
    lastUs: Math.max(one.lastUs, other.lastUs),
    area: plus(one.area, other.area),
    held: plus(one.held, other.held),
    heldSeconds: plus(one.heldSeconds, other.heldSeconds),
    increase: plus(one.increase, other.increase),
  };
}

const plus = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

const chosen = (
  a: number | null,
  b: number | null,
  choose: (a: number, b: number) => number,
): number | null => (a === null ? b : b === null ? a : choose(a, b));

/** Rows of sums in columns, which cross to another thread at little cost. */
export interface SumTable {
  readonly rows: number;
  /** Metrics, that `metric` names by their place. */
  readonly metrics: readonly string[];
  readonly group: readonly number[];
  readonly metric: readonly number[];
  readonly startUs: readonly number[];
  /** The numbers of `Sums`, row by row in the order of `sumNumbers`; NaN for `null`. */
  readonly numbers: Float64Array;
  readonly first: readonly (Value | null)[];
  readonly last: readonly (Value | null)[];
}

const sumNumbers = [
  'count',
  'numbers',
  'sum',
  'min',
  'max',
  'firstUs',
  'lastUs',
  'area',
  'held',
  'heldSeconds',
  'increase',
] as const;

/** Gathers rows of a table. */
export class SumRows {
  readonly #metrics: readonly string[];
  readonly #group: number[] = [];
  readonly #metric: number[] = [];
  readonly #startUs: number[] = [];
  readonly #numbers: number[] = [];
  readonly #first: (Value | null)[] = [];
  readonly #last: (Value | null)[] = [];

  constructor(metrics: readonly string[]) {
    this.#metrics = metrics;
  }

  add(group: number, metric: number, startUs: number, sums: Sums): void {
    this.#group.push(group);
    this.#metric.push(metric);
    this.#startUs.push(startUs);
    for (const name of sumNumbers) this.#numbers.push(sums[name] ?? Number.NaN);
    this.#first.push(sums.first);
    this.#last.push(sums.last);
  }

  table(): SumTable {
    return {
      rows: this.#group.length,
      metrics: this.#metrics,
      group: this.#group,
      metric: this.#metric,
      startUs: this.#startUs,
      numbers: Float64Array.from(this.#numbers),
      first: this.#first,
      last: this.#last,
    };
  }
}

/** A row of a table. */
export function sumsAt(table: SumTable, row: number): Sums {
  const number = (name: (typeof sumNumbers)[number]): number | null => {
    const value = table.numbers[row * sumNumbers.length + sumNumbers.indexOf(name)] as number;
    return Number.isNaN(value) ? null : value;
  };
  return {
    count: number('count') ?? 0,
    numbers: number('numbers') ?? 0,
    sum: number('sum'),
    min: number('min'),
    max: number('max'),
    first: table.first[row] ?? null,
    last: table.last[row] ?? null,
    firstUs: number('firstUs') ?? 0,
    lastUs: number('lastUs') ?? 0,
    area: number('area'),
    held: number('held'),
    heldSeconds: number('heldSeconds'),
    increase: number('increase'),
  };
}
