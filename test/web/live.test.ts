import { describe, expect, it } from 'vitest';
import { afterMessage, nothingYet, retryDelayMs } from '../../web/src/live.ts';
import type { Device, ServerMessage } from '../../web/src/wire.ts';

const plug: Device = {
  id: 'plug',
  name: 'Plug',
  description: '',
  type: 'plug',
  room: null,
  status: 'online',
  state: 'active',
  last_seen: null,
  firmware_version: null,
  hardware_version: null,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  latest: { timestamp: '2026-01-01T10:00:00Z', power: 5, voltage: 230 },
  denied: 0,
};

const nowMs = Date.parse('2026-01-01T10:00:10Z');
const hear = (...messages: ServerMessage[]) =>
  messages.reduce((state, message) => afterMessage(state, message, nowMs), nothingYet);

const welcome: ServerMessage = {
  type: 'welcome',
  server_time: '2026-01-01T10:01:00Z',
  home: 'Home',
  devices: [plug],
};
const reading = (timestamp: string, power: number): ServerMessage => ({
  type: 'telemetry',
  device_id: 'plug',
  timestamp,
  values: { power },
});

describe('the live view', () => {
  it('is live from the welcome on and goes by the hub’s clock', () => {
    const state = hear(welcome);
    expect(state).toMatchObject({ connection: 'live', home: 'Home', welcomed: true });
    expect(state.clockOffsetMs).toBe(50_000);
    expect([...state.devices.keys()]).toEqual(['plug']);
  });

  it('takes over new values, keeps the others, and has seen the device now', () => {
    const device = hear(welcome, reading('2026-01-01T10:00:09Z', 7)).devices.get('plug');
    expect(device?.latest).toEqual({
      timestamp: '2026-01-01T10:00:09Z',
      power: 7,
      voltage: 230,
    });
    expect(device?.last_seen).toBe('2026-01-01T10:01:00.000Z');
  });

  it('does not let a late reading set the time back', () => {
    const device = hear(welcome, reading('2026-01-01T09:00:00Z', 7)).devices.get('plug');
    expect(device?.latest?.timestamp).toBe('2026-01-01T10:00:00Z');
  });

  it('ignores a reading of a device that it does not know', () => {
    const before = hear(welcome);
    const message = { ...reading('2026-01-01T10:00:09Z', 7), device_id: 'other' } as ServerMessage;
    expect(afterMessage(before, message, nowMs)).toBe(before);
  });

  it('follows devices that come, change and go', () => {
    const changed = { ...plug, name: 'Kettle', status: 'offline' as const };
    const added = { ...plug, id: 'lamp' };
    const state = hear(
      welcome,
      { type: 'device', change: 'updated', device: changed },
      { type: 'device', change: 'created', device: added },
    );
    expect(state.devices.get('plug')).toEqual(changed);
    expect(state.devices.get('lamp')).toEqual(added);
    const after = afterMessage(state, { type: 'device', change: 'removed', device: added }, nowMs);
    expect([...after.devices.keys()]).toEqual(['plug']);
  });

  it('starts anew with every welcome', () => {
    expect(hear(welcome, { ...welcome, devices: [] }).devices.size).toBe(0);
  });

  it('is not disturbed by what it need not know', () => {
    const before = hear(welcome);
    expect(afterMessage(before, { type: 'pong' }, nowMs)).toBe(before);
  });
});

describe('trying again', () => {
  it.each([
    [0, 0, 375],
    [0, 1, 625],
    [1, 0.5, 1000],
    [4, 0.5, 8000],
    [5, 0.5, 15_000],
    [1000, 0.5, 15_000],
  ])('waits before try %i with chance %f: %i ms', (attempt, chance, delayMs) => {
    expect(retryDelayMs(attempt, chance)).toBe(delayMs);
  });
});
