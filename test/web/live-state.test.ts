import { describe, expect, it } from 'vitest';
import type { Alert, Command, Override } from '../../web/src/control-wire.ts';
import {
  afterCatching,
  afterMessage,
  nothingYet,
  runningOverride,
} from '../../web/src/live-state.ts';
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
  reported: {},
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

  it('knows which devices may be controlled, of which a welcome without a word means all', () => {
    expect(hear(welcome).controls).toBeNull();
    expect(hear({ ...welcome, controls: null }).controls).toBeNull();
    expect(hear({ ...welcome, controls: ['plug'] }).controls).toEqual(new Set(['plug']));
    expect(hear({ ...welcome, controls: ['plug'] }, { ...welcome, controls: [] }).controls).toEqual(
      new Set(),
    );
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

const told = (device: Partial<Device>): ServerMessage => ({
  type: 'device',
  change: 'state',
  device: { ...plug, ...device },
});
const stateOf = (...messages: ServerMessage[]) => hear(...messages).states.get('plug');

describe('what a device is like', () => {
  it('is what readings said, and of what is reported that, at first', () => {
    const device = { ...plug, reported: { relay_state: true, power: 9 } };
    expect(stateOf({ ...welcome, devices: [device] })).toEqual({
      relay_state: true,
      power: 9,
      voltage: 230,
    });
  });

  it('follows what was said last, wherever it was said', () => {
    const on = told({ reported: { relay_state: true } });
    const read = { ...reading('2026-01-01T10:00:09Z', 7), values: { relay_state: false } };
    expect(stateOf(welcome, on)?.relay_state).toBe(true);
    expect(stateOf(welcome, on, read as ServerMessage)?.relay_state).toBe(false);
  });

  it('does not take what was said long ago for news when another thing changes', () => {
    const read = { ...reading('2026-01-01T10:00:09Z', 7), values: { relay_state: false } };
    const on = told({ reported: { relay_state: true } });
    const more = told({ reported: { relay_state: true, rssi: -60 } });
    expect(stateOf(welcome, on, read as ServerMessage, more)).toMatchObject({
      relay_state: false,
      rssi: -60,
    });
  });

  it('goes with the device', () => {
    expect(stateOf(welcome, { type: 'device', change: 'removed', device: plug })).toBeUndefined();
  });

  it('is as the hub says when it is asked', () => {
    const caught = { device: { id: 'plug', state: { relay_state: false } } };
    expect(afterCatching(hear(welcome), caught).states.get('plug')).toEqual({ relay_state: false });
  });
});

const command = (id: string, more: Partial<Command> = {}): Command => ({
  id,
  device_id: 'plug',
  action: 'turnOn',
  value: null,
  status: 'sent',
  attempts: 1,
  created_at: '2026-01-01T10:00:00Z',
  expires_at: '2026-01-01T10:01:30Z',
  sent_at: '2026-01-01T10:00:00Z',
  delivered_at: null,
  acknowledged_at: null,
  confirmed_at: null,
  error: null,
  source: 'manual',
  requested_by: 'person:Ada',
  batch_id: null,
  ...more,
});
const commandNews = (id: string, more?: Partial<Command>): ServerMessage => ({
  type: 'command',
  command: command(id, more),
});
const shape = (commands: readonly Command[] | undefined) =>
  commands?.map(({ id, status }) => [id, status]);

describe('commands', () => {
  it('are kept by device, the newest first, each as it was heard of last', () => {
    const state = hear(
      welcome,
      commandNews('a'),
      commandNews('b'),
      commandNews('a', { status: 'confirmed' }),
    );
    expect(shape(state.commands.get('plug'))).toEqual([
      ['b', 'sent'],
      ['a', 'confirmed'],
    ]);
  });

  it('are never more than twenty', () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      commandNews(`c${String(index).padStart(2, '0')}`),
    );
    const kept = hear(welcome, ...many).commands.get('plug');
    expect(kept).toHaveLength(20);
    expect(kept?.[0]?.id).toBe('c29');
  });

  it('that were asked for do not undo what was heard meanwhile', () => {
    const heard = hear(welcome, commandNews('b', { status: 'confirmed' }));
    const caught = afterCatching(heard, { commands: [command('b'), command('a')] });
    expect(shape(caught.commands.get('plug'))).toEqual([
      ['b', 'confirmed'],
      ['a', 'sent'],
    ]);
  });

  it('are asked for anew after a welcome', () => {
    const state = hear(welcome, commandNews('a'), welcome);
    expect(state.commands.size).toBe(0);
    expect(state.welcomes).toBe(2);
  });
});

const override = (id: string, status: Override['status'] = 'active'): Override => ({
  id,
  device_id: 'plug',
  action: 'turnOn',
  value: null,
  status,
  started_at: '2026-01-01T10:00:00Z',
  ends_at: '2026-01-01T10:10:00Z',
  remaining_seconds: 600,
  previous: { relay_state: false },
  requested_by: 'person:Ada',
  command_id: null,
  ended_at: null,
  ended_because: null,
});
const overrideNews = (id: string, status?: Override['status']): ServerMessage => ({
  type: 'override',
  override: override(id, status),
});

describe('what runs for a while', () => {
  it.each<[string, ServerMessage[], string | undefined]>([
    ['runs from its beginning', [overrideNews('a')], 'a'],
    ['is over at its end', [overrideNews('a'), overrideNews('a', 'ended')], undefined],
    [
      'runs on when the one that it replaced is over',
      [overrideNews('a'), overrideNews('b'), overrideNews('a', 'replaced')],
      'b',
    ],
    [
      'runs when the one before it was replaced first',
      [overrideNews('a'), overrideNews('a', 'replaced'), overrideNews('b')],
      'b',
    ],
  ])('%s', (_, messages, id) => {
    expect(runningOverride(hear(welcome, ...messages), 'plug')?.id).toBe(id);
  });

  it('is not begun again by an answer from before its end', () => {
    const over = hear(welcome, overrideNews('a'), overrideNews('a', 'cancelled'));
    const caught = afterCatching(over, { overrides: [override('a')], override: override('a') });
    expect(runningOverride(caught, 'plug')).toBeUndefined();
  });
});

describe('alerts', () => {
  const alert = (id: string, count = 1): Alert => ({
    id,
    at: '2026-01-01T10:00:00Z',
    last_at: '2026-01-01T10:00:00Z',
    count,
    kind: 'command_timed_out',
    device_id: 'plug',
    message: 'it did not answer',
    detail: {},
  });
  const alertNews = (id: string, count?: number): ServerMessage => ({
    type: 'alert',
    alert: alert(id, count),
  });

  it('are there once each, as they were heard of last, the newest first', () => {
    const heard = hear(welcome, alertNews('a'), alertNews('b'), alertNews('a', 2));
    const { alerts } = afterCatching(heard, { alerts: [alert('a'), alert('old')] });
    expect(alerts.map(({ id, count }) => [id, count])).toEqual([
      ['a', 2],
      ['b', 1],
      ['old', 1],
    ]);
  });
});

describe('schedules, scenes and groups', () => {
  it('are counted when they change, so that whoever shows them asks again', () => {
    const state = hear(welcome, { type: 'schedule' }, { type: 'schedule' }, { type: 'group' });
    expect(state.changes).toEqual({ schedule: 2, scene: 0, group: 1 });
  });
});
