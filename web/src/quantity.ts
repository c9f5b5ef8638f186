import { type Locales, ownLocales } from './locale.ts';
import { isSwitch, metricOf, sayValue, showValue } from './metrics.ts';
import type { Range, Step } from './range.ts';
import type { Value } from './wire.ts';

/**
 * What a chart shows of a metric. Of a `level`, such as a temperature, one wants to see how it rose
 * and fell; of a `counter`, such as an electricity meter, how much was used; of a `share`, such as a
 * switch, how much of the time it was on.
 */
export type QuantityKind = 'level' | 'counter' | 'share';

export interface Quantity {
  readonly metric: string;
  readonly kind: QuantityKind;
  readonly shape: 'line' | 'bars';
  /** What the hub is asked for: the first is what is drawn. */
  readonly aggregates: readonly string[];
  /** What a comparison adds up, where that is not what is drawn. */
  readonly total: 'area' | 'sum' | 'mean';
}

const counting = /^(energy|total)(_|$)|_total$/;

export function quantityOf(metric: string, value: Value): Quantity {
  if (typeof value === 'boolean' || isSwitch(metric)) {
    const aggregates = ['time_weighted_avg', 'count'];
    return { metric, kind: 'share', shape: 'bars', aggregates, total: 'mean' };
  }
  const { name, unit } = metricOf(metric);
  if (unit === 'kWh' || counting.test(name)) {
    return {
      metric,
      kind: 'counter',
      shape: 'bars',
      aggregates: ['increase', 'count'],
      total: 'sum',
    };
  }
  return {
    metric,
    kind: 'level',
    shape: 'line',
    aggregates: ['avg', 'min', 'max', 'count'],
    total: name === 'power' ? 'area' : 'mean',
  };
}

export const stepOf = ({ shape }: Quantity, range: Range): Step => range[shape];

/** Whether some of it is worth drawing over time: numbers, and what is on or off. */
export const isDrawable = (value: Value): value is number | boolean => typeof value !== 'string';

/** What it is called, above a chart and in a sentence. */
export function quantityLabel({ metric, kind }: Quantity): string {
  const { label } = metricOf(metric);
  return kind === 'counter' ? `${label} used` : label;
}

export const quantityUnit = ({ metric, kind }: Quantity): string =>
  kind === 'share' ? '%' : metricOf(metric).unit;

/** A number without its unit: of a share its percent. */
export function showQuantity(
  { metric, kind }: Quantity,
  value: number,
  locales: Locales = ownLocales,
): string {
  if (kind !== 'share') return showValue(metric, value, locales).text;
  return new Intl.NumberFormat(locales, { maximumFractionDigits: 0 }).format(value * 100);
}

/** The same with its unit, for a sentence. */
export const sayQuantity = (
  quantity: Quantity,
  value: number,
  locales: Locales = ownLocales,
): string =>
  quantity.kind === 'share'
    ? `${showQuantity(quantity, value, locales)}\u00a0%`
    : sayValue(quantity.metric, value, locales);
