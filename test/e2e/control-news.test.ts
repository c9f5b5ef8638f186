/** The parts of a whole hub hear of each other: what one of them finds, another one tells or does. */
import { expect, it, onTestFinished } from 'vitest';
import type { Command } from '#commands';
import type { Hub } from '#main';
import { temporaryDirectory } from '../support/directory.ts';
import { RunningClock } from '../support/running-clock.ts';
import { addDevice, ask, connectWith, type DeviceFiles, startHub } from './home.ts';
import { type Ear, listen, timedHome } from './timed-home.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const eightMs = Date.parse('2026-03-02T08:00:00Z');

it('an answer to nothing that was asked is set aside for the owner to read', async () => {
  const { device, get, post } = await timedHome();
  const plug = await device({ id: 'plug', name: 'Plug', type: 'plug' }, 'devices/plug/command');
  const lamp = await device({ id: 'lamp', name: 'Lamp', type: 'plug' });
  const { id } = await post<Command>('/devices/plug/commands', { action: 'relay_on' });
  await plug.next();
  await plug.say('devices/plug/ack', 'on it!');
  await plug.say('device/plug/ack', { commandId: 'yesterday', status: 'done' });
  await lamp.say('devices/lamp/ack', { id, status: 'ok' });
  await plug.say('devices/plug/ack', { id, status: 'ok' });
  expect(await get('/quarantine')).toMatchObject({
    messages: [
      {
        device_id: 'lamp',
        source: 'mqtt',
        topic: 'devices/lamp/ack',
        reason: `the device was sent no command "${id}"`,
        payload: JSON.stringify({ id, status: 'ok' }),
      },
      {
        device_id: 'plug',
        topic: 'device/plug/ack',
        payload: expect.stringContaining('yesterday'),
      },
      {
        device_id: 'plug',
        topic: 'devices/plug/ack',
        reason: 'the answer is not JSON',
        payload: 'on it!',
      },
    ],
    total: 3,
  });
  expect(await get(`/commands/${id}`)).toMatchObject({ status: 'acknowledged' });
});

const settings = { action: 'setConfig', value: { night: true } };
const nineToOne = {
  device_id: 'air',
  days: 'daily',
  start: '09:00',
  end: '13:00',
  action: 'setFanSpeed',
  value: 1,
};

interface Boot {
  readonly clock: RunningClock;
  readonly hub: Hub;
  readonly plug: Ear;
  readonly air: Ear;
  /** What was asked for before: something that still holds, that expired, that a schedule overrules. */
  readonly on: Command;
  readonly over: Command;
  readonly fast: Command;
  commandOf(id: string): Promise<Command>;
}

/** Devices are away and told something; then the hub is down, and boots 50 minutes too early. */
async function bootInThePast(): Promise<Boot> {
  const directory = await temporaryDirectory();
  const runFrom = async (startMs: number) => {
    const clock = new RunningClock(startMs);
    onTestFinished(() => clock.stop());
    const hub = await startHub(directory, { clock, settings: { 'home.time_zone': 'UTC' } });
    onTestFinished(() => hub.stop());
    return { clock, hub };
  };
  const before = await runFrom(eightMs);
  const plugFiles = await addDevice(before.hub, { id: 'plug', name: 'Plug', type: 'plug' });
  const airFiles = await addDevice(before.hub, { id: 'air', name: 'Air', type: 'purifier' });
  const say = (deviceId: string, command: object) =>
    ask<Command>(before.hub, 'POST', `/devices/${deviceId}/commands`, command);
  const on = await say('plug', { action: 'relay_on', expiresIn: '24h' });
  const over = await say('air', { ...settings, expiresIn: '30m' });
  const fast = await say('air', { action: 'setFanSpeed', value: 4, expiresIn: '24h' });
  await ask(before.hub, 'POST', '/schedules', nineToOne);
  before.clock.advance(10 * minuteMs);
  await before.hub.stop();
  const { clock, hub } = await runFrom(eightMs - 40 * minuteMs);
  const connect = async (id: string, files: DeviceFiles): Promise<Ear> => {
    const client = await connectWith(hub, id, files);
    onTestFinished(async () => void (await client.endAsync(true)));
    return listen(client, `devices/${id}/command`);
  };
  const plug = await connect('plug', plugFiles);
  const air = await connect('air', airFiles);
  return {
    clock,
    hub,
    plug,
    air,
    on,
    over,
    fast,
    commandOf: (id) => ask(hub, 'GET', `/commands/${id}`),
  };
}

it('what was asked for before a boot with a wrong clock waits for the right one, and for what fell due', async () => {
  const { clock, hub, plug, air, on, over, fast, commandOf } = await bootInThePast();
  await air.say('devices/air/telemetry', { powerOn: true, fanSpeed: 2 });
  const { id } = await ask<Command>(hub, 'POST', '/devices/plug/commands', settings);
  expect(await plug.next()).toMatchObject({ id });
  await plug.say('devices/plug/ack', { id, status: 'ok' });
  await clock.pass(5 * minuteMs);
  await air.say('devices/air/telemetry', { powerOn: true, fanSpeed: 2 });
  expect([plug.heard.length, air.heard.length]).toEqual([1, 0]);

  clock.step(eightMs + 2 * hourMs);
  await clock.pass(2000);
  expect(await plug.next()).toMatchObject({ id: on.id });
  await plug.say('devices/plug/ack', { id: on.id, status: 'ok' });
  // Not 4: since nine the schedule says otherwise.
  const now = await air.next();
  expect(now).toMatchObject({ action: 'setFanSpeed', value: 1 });
  await air.say('devices/air/ack', { id: now.id, status: 'ok', state: { fanSpeed: 1 } });
  expect([plug.heard.length, air.heard.length]).toEqual([2, 1]);
  expect(await commandOf(over.id)).toMatchObject({ status: 'expired', attempts: 0 });
  expect(await commandOf(fast.id)).toMatchObject({
    status: 'cancelled',
    error: `superseded by ${now.id}`,
  });
});
