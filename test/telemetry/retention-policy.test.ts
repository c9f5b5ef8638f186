import { describe, expect, it } from 'vitest';
import { KeptBy, keptOf, policyOf } from '../../src/telemetry/retention/policy.ts';
import type { KeptDays, RetentionRule } from '../../src/telemetry/retention/types.ts';

const home: KeptDays = { raw: 7, '1m': 30, '1h': 365, '1d': 1825 };
const rule = (
  target: { device?: string; type?: string; metric?: string },
  kept: RetentionRule['kept'],
): RetentionRule => ({
  id: JSON.stringify(target),
  deviceId: target.device ?? null,
  type: target.type ?? null,
  metric: target.metric ?? null,
  kept,
});

const ofType = rule({ type: 'purifier' }, { raw: 90 });
const ofTypesMetric = rule({ type: 'purifier', metric: 'pm25' }, { raw: 100, '1m': 101 });
const ofDevice = rule({ device: 'air' }, { raw: 3, '1h': 10 });
const ofDevicesMetric = rule({ device: 'air', metric: 'pm25' }, { raw: 4 });
const all = [ofType, ofTypesMetric, ofDevice, ofDevicesMetric];

describe('how long readings are kept', () => {
  it.each<[string, RetentionRule[], string, string | null, Partial<KeptDays>]>([
    ['by no rule, as the home says', [], 'air', 'pm25', {}],
    ['by a rule about another type, as the home says', all, 'plug', 'pm25', {}],
    ['by the rule about its type', [ofType], 'air', 'pm25', { raw: 90 }],
    ['by that about a metric of its type', all.slice(0, 2), 'air', 'pm25', { raw: 100, '1m': 101 }],
    ['not by that about another metric', all.slice(0, 2), 'air', 'fan', { raw: 90 }],
    ['by that about the device', all.slice(0, 3), 'air', 'pm25', { raw: 3, '1m': 101, '1h': 10 }],
    ['by that about its metric', all, 'air', 'pm25', { raw: 4, '1m': 101, '1h': 10 }],
    [
      'whatever the order of the rules',
      all.toReversed(),
      'air',
      'pm25',
      { raw: 4, '1m': 101, '1h': 10 },
    ],
    ['by the rule about another device never', [ofDevice], 'other', 'pm25', {}],
  ])('%s', (_, rules, deviceId, metric, changes) => {
    const type = deviceId === 'plug' ? 'plug' : 'purifier';
    expect(keptOf(home, rules, { deviceId, type, metric })).toEqual({ ...home, ...changes });
  });

  it('is told to storage for the devices that there are, and only where it is not as at home', () => {
    const devices = [
      { id: 'air', type: 'purifier' },
      { id: 'other', type: 'purifier' },
      { id: 'plug', type: 'plug' },
    ];
    const policy = policyOf(home, all, devices);
    expect(policy.exceptions.map(({ device, metric }) => [device, metric])).toEqual([
      ['air', null],
      ['air', 'pm25'],
      ['other', null],
      ['other', 'pm25'],
    ]);
    const keptBy = new KeptBy(policy);
    for (const { id, type } of devices) {
      for (const metric of ['pm25', 'fan']) {
        expect(keptBy.of(id, metric)).toEqual(keptOf(home, all, { deviceId: id, type, metric }));
      }
    }
    expect(keptBy.shortest('raw')).toBe(3);
    expect(keptBy.shortest('1h')).toBe(10);
    expect(keptBy.shortest('1d')).toBe(1825);
  });
});
