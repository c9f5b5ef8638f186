import { describe, expect, it } from 'vitest';
import { openHouse } from '../http/house.ts';
import { device, openHome, person, publish, service, startMs } from './home.ts';

const spo2 = 97.4182936;

const sample = (values: Record<string, number | boolean>) => ({
  deviceId: 'watch',
  timeUs: startMs * 1000,
  receivedUs: startMs * 1000,
  values,
});

describe('a metric that was declared sensitive', () => {
  it('is not among the newest values any more, in memory or in the database', async () => {
    const { devices, db, clock } = await openHome();
    devices.create({ id: 'watch' });
    devices.applySamples([sample({ spo2, steps: 12 })]);
    devices.declareSensitive('watch', ['spo2', 'spo2', 'pulse']);
    clock.advance(1000);
    expect(devices.get('watch')).toMatchObject({
      latest: { steps: 12 },
      sensitive: ['pulse', 'spo2'],
    });
    expect(devices.get('watch').latest).not.toHaveProperty('spo2');
    expect(devices.reported('watch')).toEqual({ steps: 12 });
    devices.takeReport('watch', { spo2 });
    devices.heartbeat('watch', { spo2, charge: 80 });
    devices.applySamples([sample({ spo2, steps: 13 })]);
    clock.advance(1000);
    expect(devices.reported('watch')).toEqual({ steps: 13, charge: 80 });
    expect(JSON.stringify(db.prepare('SELECT json FROM device_state').all())).not.toContain('97.4');
  });

  it('stays so over a restart, and is so no more when it is left out', async () => {
    const { devices, directory } = await openHome();
    devices.create({ id: 'watch' });
    devices.declareSensitive('watch', ['spo2']);
    await devices.stop();
    const again = (await openHome(directory)).devices;
    expect([...again.sensitiveOf('watch')]).toEqual(['spo2']);
    again.declareSensitive('watch', []);
    expect(again.sensitiveOf('watch').size).toBe(0);
    expect(again.get('watch')).not.toHaveProperty('sensitive');
  });

  it('may come with the type, also with one that changes', async () => {
    const { devices } = await openHome();
    const metric = { name: 'card', label: 'Card', unit: '', sensitive: true };
    const reader = { label: 'Reader', actions: [], retry: { attempts: 1, interval_seconds: 1 } };
    devices.create({ id: 'watch', type: 'card_reader' });
    expect(devices.sensitiveOf('watch').size).toBe(0);
    devices.definitions.add({ type: 'card_reader', ...reader, metrics: [metric] }, 'person:Anna');
    expect([...devices.sensitiveOf('watch')]).toEqual(['card']);
    devices.update('watch', { type: 'plug' });
    expect(devices.sensitiveOf('watch').size).toBe(0);
    devices.update('watch', { type: 'card_reader' });
    expect([...devices.sensitiveOf('watch')]).toEqual(['card']);
  });

  it.each([
    ['relay_state', 'is what commands to this device bring about'],
    ['a b', 'is not the name of a metric'],
    ['__proto__', 'is not the name of a metric'],
  ])('cannot be %s', async (metric, problem) => {
    const { devices } = await openHome();
    devices.create({ id: 'watch', type: 'plug' });
    expect(() => devices.declareSensitive('watch', [metric])).toThrow(
      expect.objectContaining({
        code: 'unprocessable',
        field: 'metrics',
        message: expect.stringContaining(problem),
      }),
    );
  });
});

describe('what a device with sensitive metrics says over MQTT', () => {
  it.each(['telemetry', 'status', 'ack'])(
    '%s is passed on to nobody, and not retained',
    async (channel) => {
      const { devices, gate } = await openHome();
      devices.create({ id: 'watch' });
      const topic = `devices/watch/${channel}`;
      const grants = [device('watch'), service('bridge')].map((who) => gate.mayPublish(who, topic));
      const mayRetain = () => grants.map((one) => one.allowed && one.mayRetain);
      expect(gate.mayReceive(service('bridge'), topic)).toBe(true);
      expect(mayRetain()).toEqual([channel !== 'ack', true]);
      devices.declareSensitive('watch', ['spo2']);
      for (const who of [service('bridge'), person('token:x')]) {
        expect(gate.mayReceive(who, topic)).toBe(false);
      }
      // A grant is as old as its connection: it follows what was declared since.
      expect(mayRetain()).toEqual([false, false]);
      expect(gate.mayReceive(device('watch'), 'devices/watch/command')).toBe(true);
      expect(await publish(gate, device('watch'), topic, { spo2 })).toBe(true);
    },
  );
});

describe('over HTTP', () => {
  it('rotates keys and declares metrics for whoever may change devices', async () => {
    const { devices, fromLan, as } = await openHouse();
    const { apiKey } = devices.create({ id: 'watch' });
    const owner = as('owner');
    const ask = async (path: string, init: RequestInit = {}, headers: object = owner) => {
      const response = await fromLan(`/api/v1/devices/watch${path}`, {
        ...init,
        headers: { 'content-type': 'application/json', ...headers },
      });
      return {
        status: response.status,
        body: response.status === 204 ? '' : await response.json(),
      };
    };
    const put = (metrics: string[], headers = owner) =>
      ask('/sensitive', { method: 'PUT', body: JSON.stringify({ metrics }) }, headers);
    expect(await put(['spo2'])).toMatchObject({
      status: 200,
      body: { metrics: ['spo2'], of_type: [], applies_to: expect.stringContaining('from now on') },
    });
    expect((await put(['spo2'], as('member'))).status).toBe(403);
    expect((await ask('', {}, as('member'))).body).toMatchObject({ sensitive: ['spo2'] });

    const rotated = await ask('/api-key', { method: 'POST', body: '{"overlap":"48h"}' });
    expect(rotated.body).toEqual({
      api_key: expect.stringMatching(/^.{32,}$/),
      previous_valid_until: new Date(startMs + 48 * 3_600_000).toISOString(),
    });
    expect((await ask('/../status', {}, { 'x-api-key': apiKey })).status).toBe(200);
    expect((await ask('')).body).toMatchObject({
      previous_api_key: {
        valid_until: '2026-03-03T08:00:00.000Z',
        last_used_at: expect.anything(),
      },
    });
    expect((await ask('', {}, as('member'))).body).not.toHaveProperty('previous_api_key');
    expect((await ask('/api-key/previous', { method: 'DELETE' })).status).toBe(204);
    expect((await ask('')).body).not.toHaveProperty('previous_api_key');
    expect((await ask('/api-key', { method: 'POST', body: '{"overlap":"0"}' })).body).toMatchObject(
      {
        previous_valid_until: null,
      },
    );
    expect((await ask('/api-key', { method: 'POST', body: '{"overlap":"31d"}' })).status).toBe(422);
  });
});
