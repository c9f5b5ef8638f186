import { describe, expect, it } from 'vitest';
import { metricOf, sayValue, showValue, sortMetrics, valuesOf } from '../../web/src/metrics.ts';

describe('showing a value', () => {
  it.each([
    ['power', 1240.3, '1,240', 'W'],
    ['power', -0.2, '0', 'W'],
    ['temperature', 21, '21.0', '°C'],
    ['temperature', -3.25, '-3.3', '°C'],
    ['pm25', 11.4, '11', 'µg/m³'],
    ['pm2_5', 11.4, '11', 'µg/m³'],
    ['sensors.pm25', 11.4, '11', 'µg/m³'],
    ['networkStrength', 78, '78', '%'],
    ['relay_state', true, 'On', ''],
    ['locked', false, 'Open', ''],
    ['mode', 'eco', 'eco', ''],
    ['soil_moisture', 0.125, '0.13', ''],
    ['soil_moisture', 3, '3', ''],
  ])('shows %s = %j as %s %s', (name, value, text, unit) => {
    expect(showValue(name, value, 'en-GB')).toEqual({ text, unit });
  });

  it('keeps number and unit on one line', () => {
    expect(sayValue('power', 42, 'en-GB')).toBe('42\u00a0W');
    expect(sayValue('fan_speed', 2, 'en-GB')).toBe('2');
  });
});

describe('naming a metric', () => {
  it.each([
    ['power', 'Power'],
    ['fanSpeed', 'Fan speed'],
    ['soil_moisture', 'Soil moisture'],
    ['sensors.soilMoisture', 'Soil moisture'],
    // Names that a plain object answers to all the same.
    ['constructor', 'Constructor'],
    ['toString', 'To string'],
    ['__proto__', 'Proto'],
    ['_', '_'],
  ])('calls %s “%s”', (name, label) => {
    expect(metricOf(name).label).toBe(label);
  });
});

describe('ordering metrics', () => {
  it('puts the most telling first and unknown ones last, by name', () => {
    const names = ['zeta', 'voltage', 'relay_state', 'power', 'alpha'];
    expect(sortMetrics(names)).toEqual(['power', 'voltage', 'relay_state', 'alpha', 'zeta']);
  });

  it('leaves the time out of the values of a device', () => {
    const latest = { voltage: 230, power: 5, timestamp: '2026-01-01T00:00:00Z' };
    expect(valuesOf(latest)).toEqual([
      ['power', 5],
      ['voltage', 230],
    ]);
    expect(valuesOf(null)).toEqual([]);
  });
});
