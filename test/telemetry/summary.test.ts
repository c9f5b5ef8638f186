import { expect, it } from 'vitest';
import { isPower, toldOf } from '../../src/telemetry/summary.ts';

it.each([
  ['power', true],
  ['active_power', true],
  ['sensors.power', true],
  ['ENERGY.Power', true],
  ['apower', true],
  ['switch.apower', true],
  ['grid_w', true],
  ['apparent_power', false],
  ['reactive_power', false],
  ['current', false],
  ['voltage', false],
  ['relay_state', false],
  ['power_factor', false],
  ['powerful', false],
  ['empower', false],
  ['kw', false],
  ['energy', false],
])('%s is a power: %s', (metric, expected) => {
  expect(isPower(metric)).toBe(expected);
  expect(toldOf(metric, ['avg', 'energy'])).toEqual(expected ? ['avg', 'energy'] : ['avg']);
});
