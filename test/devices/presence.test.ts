import { expect, it } from 'vitest';
import { device, openHome, publish, service } from './home.ts';

const minuteMs = 60_000;

async function homeWithPlug() {
  const home = await openHome();
  home.devices.create({ id: 'plug' });
  const { gate, devices, clock } = home;
  return {
    ...home,
    status: () => devices.get('plug').status,
    connect: (clientId = 'plug') => gate.connected(device('plug'), clientId, 'tls', '192.168.1.50'),
    disconnect: (clientId = 'plug') => gate.disconnected(device('plug'), clientId),
    say: (receivedMs = clock.nowMs()) =>
      devices.applySamples([
        { deviceId: 'plug', timeUs: receivedMs * 1000, receivedUs: receivedMs * 1000, values: {} },
      ]),
  };
}

it('is online while at least one connection is open', async () => {
  const { status, connect, disconnect, changes } = await homeWithPlug();
  connect('plug');
  connect('plug-2');
  disconnect('plug');
  expect(status()).toBe('online');
  disconnect('plug-2');
  expect(status()).toBe('offline');
  expect(changes.map(({ change }) => change)).toEqual(['created', 'online', 'offline']);
});

it('is offline when its will says so, though a takeover keeps a connection open', async () => {
  const { gate, status, connect, say, clock } = await homeWithPlug();
  connect();
  await publish(gate, device('plug'), 'devices/plug/status', 'offline');
  expect(status()).toBe('offline');
  clock.advance(10);
  say();
  expect(status()).toBe('online');
});

it('is online for five minutes after a heartbeat, and offline in the silence after', async () => {
  const { devices, status, clock, changes } = await homeWithPlug();
  devices.heartbeat('plug', { firmware_version: '2.0.1' });
  expect(devices.get('plug')).toMatchObject({ status: 'online', firmware_version: '2.0.1' });
  clock.advance(4 * minuteMs);
  devices.heartbeat('plug', undefined);
  clock.advance(4 * minuteMs);
  expect(status()).toBe('online');
  clock.advance(minuteMs + 5000);
  expect(status()).toBe('offline');
  expect(changes.at(-1)?.change).toBe('offline');
});

it('is not brought back by a reading that was received before it left', async () => {
  const { status, connect, disconnect, say, clock } = await homeWithPlug();
  connect();
  const receivedMs = clock.nowMs();
  clock.advance(5);
  disconnect();
  say(receivedMs);
  expect(status()).toBe('offline');
  clock.advance(5);
  say();
  expect(status()).toBe('online');
});

it('tells what a device reports of itself, once for each change', async () => {
  const { gate, devices, changes } = await homeWithPlug();
  const say = (body: object) => publish(gate, device('plug'), 'smartplug/plug/status', body);
  await say({ status: 'online', relay_state: true, firmware_version: '1.0.0' });
  await say({ status: 'online', relay_state: true });
  await publish(gate, service('bridge'), 'devices/plug/status', { relay_state: false });
  expect(devices.get('plug')).toMatchObject({
    reported: { relay_state: false },
    firmware_version: '1.0.0',
  });
  expect(changes.filter(({ change }) => change === 'state')).toHaveLength(2);
});

it('keeps the newest value of each metric, whatever order readings come in', async () => {
  const { devices } = await homeWithPlug();
  const say = (timeUs: number, values: Record<string, number>) =>
    devices.applySamples([{ deviceId: 'plug', timeUs, receivedUs: 9_000_000, values }]);
  say(2_000_000, { power: 2, voltage: 230 });
  say(1_000_000, { power: 1, current: 4 });
  expect(devices.latest('plug')).toEqual({
    timeUs: 2_000_000,
    values: { power: 2, voltage: 230, current: 4 },
  });
  expect(devices.latest('nobody')).toBeUndefined();
});

it('takes in what was read before a restart, and takes it for no sign of life', async () => {
  const { devices, changes, status } = await homeWithPlug();
  const timeUs = 1_772_352_000_000_000;
  const one = { deviceId: 'plug', timeUs, receivedUs: timeUs + 2000, values: { power: 7 } };
  devices.restoreSamples([one, { ...one, deviceId: 'gone' }]);
  expect(devices.get('plug')).toMatchObject({
    latest: { power: 7, timestamp: '2026-03-01T08:00:00.000Z' },
    last_seen: '2026-03-01T08:00:00.002Z',
  });
  expect(status()).toBe('offline');
  expect(changes.map(({ change }) => change)).toEqual(['created']);
  // What was saved later than that stays.
  devices.restoreSamples([{ ...one, timeUs: timeUs - 1, values: { power: 6 } }]);
  expect(devices.latest('plug')?.values).toEqual({ power: 7 });
});

it('holds a bounded number of metrics, newest first', async () => {
  const { devices } = await homeWithPlug();
  for (let i = 0; i < 300; i++) {
    devices.applySamples([
      { deviceId: 'plug', timeUs: i, receivedUs: i, values: { [`metric_${i}`]: i } },
    ]);
  }
  const values = devices.latest('plug')?.values ?? {};
  expect(Object.keys(values)).toHaveLength(256);
  expect(values).toHaveProperty('metric_299');
  expect(values).not.toHaveProperty('metric_0');
});
