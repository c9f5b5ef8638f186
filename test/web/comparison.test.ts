import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../web/src/api.ts';
import { type Compared, comparedOf, comparisonWords } from '../../web/src/comparison.ts';
import { quantityOf } from '../../web/src/quantity.ts';
import { month, week } from '../../web/src/range.ts';
import type { Value } from '../../web/src/wire.ts';

const power = quantityOf('power', 5);
const temperature = quantityOf('temperature', 21);
const meter = quantityOf('energy', 1200);
const relay = quantityOf('relay_state', true);

describe('what a chart shows of a metric', () => {
  it.each<[string, Value, string]>([
    ['power', 5, 'level'],
    ['temperature', 21.5, 'level'],
    ['energy', 1203.4, 'counter'],
    ['energy_total', 1203.4, 'counter'],
    ['meter.totalWater', 12, 'counter'],
    ['rain_total', 12, 'counter'],
    ['subtotal', 12, 'level'],
    ['relay_state', true, 'share'],
    ['relay', 1, 'share'],
    ['presence', false, 'share'],
  ])('of %s = %j: %s', (metric, value, kind) => {
    expect(quantityOf(metric, value).kind).toBe(kind);
  });
});

const answer = (
  now: readonly Record<string, number>[],
  before: readonly Record<string, number>[],
): Comparison => ({
  ...rows('2026-03-09', now),
  compared: rows('2026-03-02', before),
});

/** A row a day. */
const rows = (date: string, values: readonly Record<string, number>[]) => ({
  series: [
    {
      data: values.map((row, index) => ({
        ...row,
        timestamp: new Date(Date.parse(date) + index * 86_400_000).toISOString(),
      })),
    },
  ],
});

describe('comparing with the time before', () => {
  it('moves the earlier to the times that they are compared with', () => {
    const compared = comparedOf(
      temperature,
      answer([{ temperature_avg: 20, temperature_count: 1 }], [{ temperature_avg: 18 }]),
    );
    const timeS = Date.parse('2026-03-09') / 1000;
    expect(compared.earlier).toEqual([{ timeS, avg: 18, min: 18, max: 18, count: 1 }]);
  });

  it('leaves out what the earlier time does not have', () => {
    const days = rows('2026-03-30', [{ energy_increase: 1 }, { energy_increase: 2 }]);
    const before = { series: [{ data: [{ timestamp: '', energy_increase: null }] }] };
    const { earlier, earlierTotal } = comparedOf(meter, { ...days, compared: before });
    expect(earlier).toEqual([]);
    expect(earlierTotal).toBeUndefined();
  });

  it('adds up energy under power, and what a meter counted', () => {
    const watts = comparedOf(
      power,
      answer(
        [
          { power_avg: 100, power_energy: 2.4 },
          { power_avg: 50, power_energy: 1.2 },
        ],
        [{ power_avg: 100, power_energy: 2 }],
      ),
    );
    expect(watts.total).toBeCloseTo(3.6);
    expect(watts.earlierTotal).toBe(2);
    expect(
      comparedOf(meter, answer([{ energy_increase: 3 }], [{ energy_increase: 4 }])),
    ).toMatchObject({ total: 3, earlierTotal: 4 });
  });

  it('counts every reading once in an average, and every hour once in a share', () => {
    const uneven = [
      { temperature_avg: 10, temperature_count: 3 },
      { temperature_avg: 20, temperature_count: 1 },
    ];
    expect(comparedOf(temperature, answer(uneven, [])).total).toBe(12.5);
    const shares = [
      { relay_state_time_weighted_avg: 0.5, relay_state_count: 900 },
      { relay_state_time_weighted_avg: 0, relay_state_count: 1 },
    ];
    expect(comparedOf(relay, answer(shares, [])).total).toBe(0.25);
  });
});

describe('the words for a comparison', () => {
  const compared = (more: Partial<Compared>): Compared => ({
    earlier: [],
    total: undefined,
    earlierTotal: undefined,
    isPatchy: false,
    ...more,
  });
  const say = (...given: [Parameters<typeof comparisonWords>[0], Partial<Compared>]) =>
    comparisonWords(given[0], week, compared(given[1]), 'en-GB').replaceAll('\u00a0', ' ');

  it.each<[Parameters<typeof comparisonWords>[0], Partial<Compared>, string]>([
    [
      power,
      { total: 12.4, earlierTotal: 13.48 },
      '12.40 kWh used, 8 % less than the week before (13.48 kWh).',
    ],
    [
      meter,
      { total: 3, earlierTotal: 2 },
      '3.00 kWh used, 50 % more than the week before (2.00 kWh).',
    ],
    [power, { total: 2, earlierTotal: 2 }, '2.00 kWh used, as much as the week before (2.00 kWh).'],
    [power, { total: 0, earlierTotal: 0 }, '0.00 kWh used, as much as the week before (0.00 kWh).'],
    [
      power,
      { total: 5, earlierTotal: 0 },
      '5.00 kWh used, much more than the week before (0.00 kWh).',
    ],
    [power, { total: 5 }, '5.00 kWh used. There are no readings of the week before.'],
    [power, {}, 'There is nothing to compare with the week before.'],
    [
      power,
      { total: 5, earlierTotal: 1, isPatchy: true },
      '5.00 kWh used, 400 % more than the week before (1.00 kWh). Readings of the week before are incomplete.',
    ],
    [
      temperature,
      { total: 21.34, earlierTotal: 20.5 },
      'On average 21.3 °C, the week before 20.5 °C.',
    ],
    [relay, { total: 0.321, earlierTotal: 0.28 }, 'On 32 % of the time, the week before 28 %.'],
  ])('%j %j', (quantity, more, words) => {
    expect(say(quantity, more)).toBe(words);
  });

  it('name what it is compared with', () => {
    const words = comparisonWords(meter, month, compared({ total: 1, earlierTotal: 2 }), 'en-GB');
    expect(words).toContain('50\u00a0% less than the 30 days before');
  });
});
