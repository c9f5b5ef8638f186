import { describe, expect, it } from 'vitest';
import { groupByRoom, powerNow } from '../../web/src/rooms.ts';
import type { Device } from '../../web/src/wire.ts';

const device = (id: string, room: string | null, more: Partial<Device> = {}): Device => ({
  id,
  name: id,
  description: '',
  type: 'plug',
  room,
  status: 'online',
  state: 'active',
  last_seen: null,
  firmware_version: null,
  hardware_version: null,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  latest: null,
  reported: {},
  denied: 0,
  ...more,
});

const rooms = [
  { id: 'kitchen', name: 'Kitchen', order: 0 },
  { id: 'attic', name: 'Attic', order: 1 },
];

const shape = (devices: Device[]) =>
  groupByRoom(devices, rooms).map(({ name, devices: inside }) => [
    name,
    inside.map(({ id }) => id),
  ]);

describe('devices by room', () => {
  it('keeps the order of the rooms, sorts by name inside, and ends with those in none', () => {
    const devices = [
      device('loose', null),
      device('b', 'kitchen'),
      device('a', 'kitchen'),
      device('up', 'attic'),
    ];
    expect(shape(devices)).toEqual([
      ['Kitchen', ['a', 'b']],
      ['Attic', ['up']],
      ['Not in a room yet', ['loose']],
    ]);
  });

  it('says just “Devices” while no room is in use', () => {
    expect(shape([device('a', null)])).toEqual([['Devices', ['a']]]);
  });

  it('does not lose a device whose room it has not heard of yet', () => {
    expect(shape([device('a', 'cellar')])).toEqual([['Devices', ['a']]]);
  });

  it('shows nothing for a home without devices', () => {
    expect(shape([])).toEqual([]);
  });
});

describe('what the home draws now', () => {
  const at = (power: number | string) => ({
    latest: { timestamp: '2026-01-01T00:00:00Z', power },
  });

  it('adds up the devices that are there', () => {
    const devices = [
      device('a', null, at(40)),
      device('b', null, at(2.5)),
      device('gone', null, { ...at(1000), status: 'offline' }),
      device('odd', null, at('high')),
    ];
    expect(powerNow(devices)).toBe(42.5);
  });

  it('is unknown when nothing measures it, which is not zero', () => {
    expect(powerNow([device('a', null)])).toBeUndefined();
    expect(powerNow([device('a', null, at(0))])).toBe(0);
  });
});
