import { describe, expect, it } from 'vitest';
import { openHome } from './home.ts';

it('gives a device its key once and keeps only a hash of it', async () => {
  const { devices, db } = await openHome();
  const { device, apiKey } = devices.create({ id: 'plug', name: 'Kitchen', type: 'plug' });
  expect(device).toMatchObject({ id: 'plug', name: 'Kitchen', status: 'offline', state: 'active' });
  expect(apiKey.length).toBeGreaterThanOrEqual(32);
  expect(devices.deviceOfApiKey(apiKey)).toMatchObject({ id: 'plug' });
  expect(devices.deviceOfApiKey(`${apiKey}x`)).toBeUndefined();
  expect(JSON.stringify(db.prepare('SELECT * FROM api_keys').all())).not.toContain(apiKey);
});

it('voids the old key when it gives a new one without an overlap, and every key of a revoked or disabled device', async () => {
  const { devices } = await openHome();
  const { apiKey } = devices.create({ id: 'plug' });
  const { apiKey: second } = devices.proofs.rotateApiKey('plug', 0);
  expect(devices.deviceOfApiKey(apiKey)).toBeUndefined();
  devices.update('plug', { state: 'disabled' });
  expect(devices.deviceOfApiKey(second)).toBeUndefined();
  devices.update('plug', { state: 'active' });
  expect(devices.deviceOfApiKey(second)).toMatchObject({ id: 'plug' });
  devices.revoke('plug');
  expect(devices.deviceOfApiKey(second)).toBeUndefined();
});

it.each([
  ['', 'unprocessable'],
  ['-plug', 'unprocessable'],
  ['pl/ug', 'unprocessable'],
  ['plug+', 'unprocessable'],
  ['größe', 'unprocessable'],
  ['x'.repeat(65), 'unprocessable'],
  ['telemetry', 'unprocessable'],
  ['Status', 'unprocessable'],
  ['plug', 'conflict'],
])('refuses the id %j: %s', async (id, code) => {
  const { devices } = await openHome();
  devices.create({ id: 'plug' });
  expect(() => devices.create({ id })).toThrow(expect.objectContaining({ code, field: 'id' }));
});

it('takes ids of every allowed sign, and any word for a type', async () => {
  const { devices } = await openHome();
  for (const id of ['0', 'A.b_c-D', 'x'.repeat(64), 'smartplug_001']) devices.create({ id });
  const { device } = devices.create({ id: 'seed', type: 'temperature_sensor' });
  expect(device.type).toBe('temperature_sensor');
  expect(devices.list()).toHaveLength(5);
});

it('keeps devices, rooms and what was last said over a restart', async () => {
  const { devices, directory } = await openHome();
  const room = devices.rooms.create({ name: 'Living Room' });
  const { device, apiKey } = devices.create({ id: 'plug', room: room.id });
  devices.update('plug', { description: 'by the window', state: 'maintenance' });
  const timeUs = 1_772_352_000_123_456;
  devices.applySamples([{ deviceId: 'plug', timeUs, receivedUs: timeUs, values: { power: 7 } }]);
  await devices.stop();

  const again = (await openHome(directory)).devices;
  expect(again.get('plug')).toMatchObject({
    ...device,
    description: 'by the window',
    state: 'maintenance',
    status: 'offline',
    last_seen: '2026-03-01T08:00:00.123Z',
    latest: { power: 7, timestamp: '2026-03-01T08:00:00.123456Z' },
  });
  expect(again.deviceOfApiKey(apiKey)).toMatchObject({ id: 'plug' });
  expect(again.rooms.list()).toEqual([room]);
});

it('writes what was said at most once a second, all in one go', async () => {
  const { devices, db, clock } = await openHome();
  devices.create({ id: 'plug' });
  const saved = () => db.prepare('SELECT json FROM device_state').pluck().all().join();
  const say = (power: number) => {
    const timeUs = clock.nowMs() * 1000;
    devices.applySamples([{ deviceId: 'plug', timeUs, receivedUs: timeUs, values: { power } }]);
  };
  say(1);
  clock.advance(999);
  expect(saved()).toBe('');
  clock.advance(1);
  expect(saved()).toContain('["power",1772352000000000,1,');
  say(2);
  clock.advance(500);
  expect(saved()).not.toContain('["power",1772352001000000,2,');
});

it('forgets everything of a device that is removed', async () => {
  const { devices, auth, evicted, changes, certificateOf, gate } = await openHome();
  const { apiKey } = devices.create({ id: 'plug' });
  const certificate = await certificateOf('plug');
  await auth.credentials.add({ name: 'plug', role: 'device' });
  const removed: string[] = [];
  devices.onRemoved.listen((id) => removed.push(id));
  devices.remove('plug');
  expect(devices.exists('plug')).toBe(false);
  expect(devices.deviceOfApiKey(apiKey)).toBeUndefined();
  expect(auth.credentials.list()).toEqual([]);
  expect(evicted).toContainEqual({ kind: 'device', name: 'plug' });
  expect(changes.at(-1)).toMatchObject({ change: 'removed', device: { id: 'plug' } });
  expect(removed).toEqual(['plug']);
  expect(() => devices.remove('plug')).toThrow(expect.objectContaining({ code: 'not_found' }));
  // The name may come back; the old certificate may not.
  devices.create({ id: 'plug' });
  const attempt = { transport: 'tls', remoteAddress: '', clientId: '', certificate } as const;
  expect(
    await gate.authenticate({ ...attempt, username: undefined, password: undefined }),
  ).toMatchObject({ refused: 'not_authorized' });
});

it('leaves a service its credential when a device of that name goes', async () => {
  const { devices, auth } = await openHome();
  devices.create({ id: 'nodered' });
  await auth.credentials.add({ name: 'nodered', role: 'service' });
  devices.remove('nodered');
  expect(auth.credentials.list()).toMatchObject([{ name: 'nodered', role: 'service' }]);
});

it('ends the connections of a device that is disabled', async () => {
  const { devices, evicted } = await openHome();
  devices.create({ id: 'plug' });
  devices.update('plug', { state: 'maintenance' });
  expect(evicted).toEqual([]);
  devices.update('plug', { state: 'disabled' });
  expect(evicted).toEqual([{ kind: 'device', name: 'plug' }]);
});

describe('rooms', () => {
  it('are named in plain letters, each once, and stand in their order', async () => {
    const { rooms } = (await openHome()).devices;
    expect(rooms.create({ name: 'Living Room' }).id).toBe('living-room');
    expect(rooms.create({ name: 'Küche' })).toMatchObject({ id: 'kuche', order: 1 });
    expect(rooms.create({ name: '客厅' }).id).toBe('room');
    expect(rooms.create({ name: 'Living—Room' }).id).toBe('living-room-2');
    expect(() => rooms.create({ name: 'living room' })).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
    rooms.update('kuche', { order: 0, name: 'Kitchen' });
    expect(rooms.list().map(({ name }) => name)).toEqual([
      'Kitchen',
      'Living Room',
      '客厅',
      'Living—Room',
    ]);
  });

  it('leave their devices behind when they go', async () => {
    const { devices, changes } = await openHome();
    const { id } = devices.rooms.create({ name: 'Attic' });
    devices.create({ id: 'plug', room: id });
    devices.rooms.remove(id);
    expect(devices.get('plug').room).toBeNull();
    expect(changes.at(-1)).toMatchObject({ change: 'updated', device: { room: null } });
  });

  it('must be there before a device is put in one', async () => {
    const { devices } = await openHome();
    const put = () => devices.create({ id: 'plug', room: 'attic' });
    expect(put).toThrow(expect.objectContaining({ code: 'unprocessable', field: 'room' }));
  });
});
