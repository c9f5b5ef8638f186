import { describe, expect, it } from 'vitest';
import type { Command } from '#commands';
import { addDevice, ask, connectWith } from './home.ts';
import { listen, timedHome, until } from './timed-home.ts';

const plug = { id: 'plug', name: 'Plug', type: 'plug' };
const ok = (id: unknown, state?: object) => ({ id, status: 'ok', ...(state && { state }) });

interface AuditRows {
  readonly rows: readonly { readonly action: string; readonly outcome: string; actor: string }[];
}

describe('a command to a device that is away', () => {
  it('is tried three times, 30 seconds apart, then timed out, audited and alerted', async () => {
    const { clock, get, post, hub } = await timedHome();
    await ask(hub, 'POST', '/devices', plug);
    const { id } = await post<Command>('/devices/plug/commands', { action: 'relay_on' });
    const look = async () => {
      const { status, attempts, sent_at } = await get<Command>(`/commands/${id}`);
      return { status, attempts, sent_at };
    };
    expect(await look()).toEqual({ status: 'queued', attempts: 1, sent_at: null });
    clock.advance(30_000);
    expect(await look()).toEqual({ status: 'queued', attempts: 2, sent_at: null });
    clock.advance(30_000);
    expect(await look()).toEqual({ status: 'queued', attempts: 3, sent_at: null });
    clock.advance(29_000);
    expect(await look()).toMatchObject({ status: 'queued' });
    clock.advance(1000);
    expect(await look()).toEqual({ status: 'timed_out', attempts: 3, sent_at: null });

    const { rows } = await get<AuditRows>('/audit?subject=device:plug');
    expect(rows.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'command.settle timed_out',
      'command.create ok',
      'device.add ok',
    ]);
    expect(rows.at(-1)?.actor).toBe('local');
    expect(await get('/alerts')).toMatchObject({
      alerts: [{ kind: 'command_timed_out', device_id: 'plug', count: 1 }],
    });
  });

  it('waits for it with expiresIn: it comes back, and sees the command once', async () => {
    const { clock, get, post, hub, reaches } = await timedHome();
    const files = await addDevice(hub, plug);
    const { id } = await post<Command>('/devices/plug/commands', {
      action: 'relay_on',
      expiresIn: '10m',
    });
    clock.advance(5 * 60_000);
    expect(await get(`/commands/${id}`)).toMatchObject({ status: 'queued', attempts: 0 });

    const client = await connectWith(hub, 'plug', files);
    const device = await listen(client, 'devices/plug/command');
    const told = await device.next();
    expect(told).toMatchObject({ id, action: 'relay_on', value: null });
    expect(Object.keys(told)).toEqual([
      'id',
      'action',
      'value',
      'issued_at',
      'expires_at',
      'signature',
    ]);
    await reaches(id, 'delivered');
    await device.say('devices/plug/ack', ok(id));
    const settled = await reaches(id, 'acknowledged');
    expect(settled).toMatchObject({ attempts: 1, error: null });
    clock.advance(10 * 60_000);
    await device.say('devices/plug/telemetry', { power: 1 });
    expect(device.heard).toHaveLength(1);
    await client.endAsync();
  });

  it('is expired when it does not come back in time', async () => {
    const { clock, get, post, hub } = await timedHome();
    await ask(hub, 'POST', '/devices', plug);
    const { id } = await post<Command>('/devices/plug/commands', {
      action: 'relay_on',
      expiresIn: 60,
    });
    clock.advance(60_500);
    expect(await get(`/commands/${id}`)).toMatchObject({ status: 'expired', sent_at: null });
  });
});

describe('a command to a device that is there', () => {
  it('is sent, delivered, acknowledged, and confirmed once the device reports it', async () => {
    const { post, device, reaches } = await timedHome();
    const lamp = await device(plug, 'devices/plug/command');
    const { id, status } = await post<Command>('/devices/plug/commands', { action: 'relay_on' });
    expect(status).toBe('sent');
    await lamp.next();
    await reaches(id, 'delivered');
    await lamp.say('devices/plug/ack', ok(id));
    await reaches(id, 'acknowledged');
    await lamp.say('devices/plug/telemetry', { relay_state: false, power: 0 });
    const lied = await reaches(id, 'acknowledged');
    expect(lied.error).toContain('relay_state');
    await lamp.say('devices/plug/telemetry', { relay_state: true, power: 60 });
    expect(await reaches(id, 'confirmed')).toMatchObject({ error: null });
  });

  it('is answered at once with ?wait, and tells what the device said no to', async () => {
    const { post, device } = await timedHome();
    const lamp = await device(plug, 'devices/plug/command');
    const waiting = post<Command>('/devices/plug/commands?wait=5s', { action: 'relay_off' });
    const { id } = await lamp.next();
    await lamp.say('devices/plug/ack', { id, status: 'error', message: 'the relay is welded' });
    expect(await waiting).toMatchObject({ status: 'rejected', error: 'the relay is welded' });
  });

  it('is refused when its value is out of range, naming the range', async () => {
    const { hub, device } = await timedHome();
    await device({ id: 'air', name: 'Air', type: 'purifier' });
    await expect(
      ask(hub, 'POST', '/devices/air/commands', { action: 'setFanSpeed', value: 9 }),
    ).rejects.toThrow(/422 .*0 to 5/);
  });

  it('never waits in the broker: a lasting session that is away gets nothing twice', async () => {
    const { clock, hub, post, get } = await timedHome();
    const files = await addDevice(hub, plug);
    const first = await connectWith(hub, 'plug', files, false);
    await first.subscribeAsync('devices/plug/command', { qos: 1 });
    await first.endAsync();
    // The hub learns that it is away a moment after the client has gone.
    await until(
      () => get<{ status: string }>('/devices/plug'),
      ({ status }) => status === 'offline',
    );
    const { id } = await post<Command>('/devices/plug/commands', { action: 'relay_on' });
    clock.advance(90_000);
    // Each try is due 30 seconds after the last was made, which is milliseconds late on a busy machine.
    await until(
      () => get<Command>(`/commands/${id}`),
      ({ status }) => status === 'timed_out',
    );
    const second = await connectWith(hub, 'plug', files, false);
    const device = await listen(second);
    const other = await post<Command>('/devices/plug/commands', { action: 'relay_off' });
    expect(await device.next()).toMatchObject({ id: other.id });
    expect(device.heard).toHaveLength(1);
    await second.endAsync();
  });
});
