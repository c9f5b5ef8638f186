/**
 * The sequences that the replaced backends document, replayed by clients that know nothing of
 * Hearth: the air purifier's schedule, pre-clean and retries, and the smart plug's control flow.
 */
import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Command } from '#commands';
import { addDevice, ask } from './home.ts';
import { type Ear, timedHome, until } from './timed-home.ts';

const purifier = { id: 'ABC123', name: 'Bedroom air', type: 'purifier' };
const plug = { id: 'smartplug_001', name: 'Living room lamp', type: 'plug' };

interface Override {
  readonly ends_at: string;
  readonly previous: Readonly<Record<string, unknown>>;
  readonly remaining_seconds: number;
}

/** Acts as the purifier's firmware does: executes, acknowledges, and reports with its next reading. */
async function obey(device: Ear): Promise<Readonly<Record<string, unknown>>> {
  const command = await device.next();
  await device.say('device/ABC123/ack', { commandId: command.commandId, status: 'success' });
  const off = command.action === 'turnOff';
  const reading = off
    ? { powerOn: false, fanSpeed: 0 }
    : { powerOn: true, fanSpeed: command.value };
  await device.say('device/ABC123/data', reading);
  return command;
}

describe("the air purifier's documented sequences", () => {
  it('2: a schedule is made, fires, is acknowledged, and its execution is kept', async () => {
    // Monday 2026-03-02, 07:59 UTC is 08:59 in Berlin.
    const { clock, device, get, post } = await timedHome('2026-03-02T07:59:00Z');
    const air = await device(purifier, 'device/ABC123/command');
    const schedule = await post<{ id: string; next_runs: { at: string }[] }>('/schedules', {
      device_id: 'ABC123',
      days: ['monday'],
      start: '09:00',
      end: '09:30',
      fanSpeed: 3,
    });
    expect(schedule.next_runs[0]?.at).toBe('2026-03-02T08:00:00.000Z');
    clock.advance(60_000);
    expect(await obey(air)).toMatchObject({ action: 'setFanSpeed', value: 3 });
    await clock.pass(30 * 60_000);
    expect(await obey(air)).toMatchObject({ action: 'turnOff' });
    const { runs } = await get<{ runs: { edge: string; command_id: string }[] }>(
      `/schedules/${schedule.id}/history`,
    );
    expect(runs.map(({ edge }) => edge)).toEqual(['end', 'start']);
    const started = runs.at(-1)?.command_id;
    await until(
      () => get<Command>(`/commands/${started}`),
      ({ status }) => status === 'confirmed',
    );
  });

  it('3: pre-clean takes the fan to 5 for ten minutes and back to 2', async () => {
    const { clock, device, get, post } = await timedHome();
    const air = await device(purifier, 'device/ABC123/command');
    await air.say('device/ABC123/data', { powerOn: true, fanSpeed: 2, pm25: 12 });
    const override = await post<Override>('/devices/ABC123/override', {
      fanSpeed: 5,
      durationMinutes: 10,
    });
    expect(override.previous).toEqual({ powerOn: true, fanSpeed: 2 });
    expect(Date.parse(override.ends_at) - clock.nowMs()).toBeGreaterThan(599_000);
    expect(await obey(air)).toMatchObject({ action: 'setFanSpeed', value: 5 });
    clock.advance(5 * 60_000);
    const half = await get<Override>('/devices/ABC123/override');
    expect(half.remaining_seconds).toBeLessThanOrEqual(300);
    clock.advance(5 * 60_000);
    expect(await obey(air)).toMatchObject({ action: 'setFanSpeed', value: 2 });
    await expect(get('/devices/ABC123/override')).rejects.toThrow('404');
  });

  it('3, cancelled early: the fan goes back at once', async () => {
    const { device, post, remove } = await timedHome();
    const air = await device(purifier, 'device/ABC123/command');
    await air.say('device/ABC123/data', { powerOn: true, fanSpeed: 2 });
    await post('/devices/ABC123/override', { fanSpeed: 5, durationMinutes: 10 });
    await obey(air);
    await remove('/devices/ABC123/override');
    expect(await obey(air)).toMatchObject({ action: 'setFanSpeed', value: 2 });
  });

  it('4: without an answer the command is sent three times under one id, then given up', async () => {
    const { clock, device, post, reaches } = await timedHome();
    const air = await device(purifier, 'device/ABC123/command');
    const { id } = await post<Command>('/devices/ABC123/commands', { action: 'turnOn' });
    expect(await air.next()).toMatchObject({ commandId: id, action: 'turnOn' });
    clock.advance(30_000);
    expect(await air.next()).toMatchObject({ commandId: id });
    clock.advance(30_000);
    expect(await air.next()).toMatchObject({ commandId: id });
    clock.advance(30_000);
    expect(await reaches(id, 'timed_out')).toMatchObject({ attempts: 3 });
    await air.say('device/ABC123/ack', { commandId: id, status: 'success' });
    const late = await until(
      () => reaches(id, 'timed_out'),
      ({ acknowledged_at }) => acknowledged_at !== null,
    );
    expect(late.status).toBe('timed_out');
    expect(air.heard).toHaveLength(3);
  });
});

describe("the smart plug's documented control flow", () => {
  it('is signed, published on its control topic, and settled by its status update', async () => {
    const { device, get, post, reaches } = await timedHome();
    const lamp = await device(plug, 'smartplug/smartplug_001/control');
    const { id } = await post<Command>('/devices/smartplug_001/commands', { action: 'relay_on' });
    const told = await lamp.next();
    expect(told).toMatchObject({ command: 'relay_on', timestamp: expect.any(Number) });

    // The device verifies the signature with the hub's public key, over what stands before it.
    const text = JSON.stringify(told);
    const at = text.indexOf(',"signature":"');
    const keys = await get<{ ed25519: { pem: string } }>('/signing-keys');
    const signed = `hearth-command-v1\nsmartplug_001\n${text.slice(0, at)}}`;
    const signature = Buffer.from(String(told.signature), 'base64');
    const key = createPublicKey(keys.ed25519.pem);
    expect(verify(null, Buffer.from(signed), key, signature)).toBe(true);

    await reaches(id, 'delivered');
    await lamp.say('smartplug/smartplug_001/status', { status: 'online', relay_state: true });
    const settled = await reaches(id, 'confirmed');
    expect(settled.acknowledged_at).toBe(settled.confirmed_at);
  });

  it('resolves a toggle before it is sent, and reads ECDSA where the plug wants it', async () => {
    const { hub, device, get, post } = await timedHome();
    const lamp = await device(plug, 'smartplug/smartplug_001/control');
    await lamp.say('smartplug/smartplug_001/status', { status: 'online', relay_state: true });
    await until(
      () => get<{ reported: { relay_state?: boolean } }>('/devices/smartplug_001'),
      ({ reported }) => reported.relay_state === true,
    );
    await ask(hub, 'PUT', '/devices/smartplug_001/signing', {
      command_algorithm: 'p256',
      signature: 'off',
      signing_key: null,
      encryption: 'off',
      box_key: null,
    });
    const { action } = await post<Command>('/devices/smartplug_001/commands', {
      action: 'relay_toggle',
    });
    expect(action).toBe('relay_off');
    const told = await lamp.next();
    expect(told.command).toBe('relay_off');
    const text = JSON.stringify(told);
    const keys = await get<{ p256: { pem: string } }>('/signing-keys');
    const signed = `hearth-command-v1\nsmartplug_001\n${text.slice(0, text.indexOf(',"signature":"'))}}`;
    const signature = Buffer.from(String(told.signature), 'base64');
    expect(verify('sha256', Buffer.from(signed), createPublicKey(keys.p256.pem), signature)).toBe(
      true,
    );
  });
});

it('tells a home without the device nothing', async () => {
  const { hub, post } = await timedHome();
  await addDevice(hub, plug);
  await expect(post('/devices/nobody/commands', { action: 'relay_on' })).rejects.toThrow('404');
});
