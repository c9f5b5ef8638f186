import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../web/src/control-wire.ts';
import {
  byTarget,
  type Targets,
  targetDefinition,
  targetFrom,
  targetName,
} from '../../web/src/schedule-targets.ts';
import type { Device } from '../../web/src/wire.ts';
import { typeOf } from './types.ts';

const device = (id: string, name: string, type: string) => ({ id, name, type }) as Device;
const targets: Targets = {
  devices: new Map(
    [device('lamp', 'Lamp', 'plug'), device('air', 'Air', 'purifier')].map((one) => [one.id, one]),
  ),
  groups: [{ id: 'all', name: 'Everything', devices: ['lamp', 'air', 'gone'] }],
  isKnown: true,
  definitionOf: typeOf,
};
const schedule = (id: string, device_id: string | null, group_id: string | null) =>
  ({ id, device_id, group_id }) as Schedule;

describe('what schedules are for', () => {
  it('goes by name, and by id where the name is not known', () => {
    expect(targetName(targetFrom('device:lamp'), targets)).toBe('Lamp');
    expect(targetName(targetFrom('group:all'), targets)).toBe('Everything');
    expect(targetName(targetFrom('device:gone'), targets)).toBe('gone');
  });

  it('can do what all of its devices can', () => {
    const can = (target: string) =>
      targetDefinition(targetFrom(target), targets)?.actions.map(({ name }) => name);
    expect(can('device:air')).toContain('setFanSpeed');
    expect(can('group:all')).toEqual(['turnOn', 'turnOff', 'setConfig']);
    expect(can('')).toBeUndefined();
  });

  it('groups them, by name, each in its order', () => {
    const all = [
      schedule('1', 'lamp', null),
      schedule('2', null, 'all'),
      schedule('3', 'lamp', null),
    ];
    expect(
      byTarget(all, targets).map(({ key, name, schedules }) => [
        key,
        name,
        schedules.map(({ id }) => id),
      ]),
    ).toEqual([
      ['group:all', 'Everything', ['2']],
      ['device:lamp', 'Lamp', ['1', '3']],
    ]);
  });
});
