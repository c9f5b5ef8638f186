import { expect, it, onTestFinished } from 'vitest';
import { LogRing, Metrics, Ops } from '#ops';
import { ManualClock } from '../support/clock.ts';

it('shows the numbers of each part as gauges, and as counters those that only grow', async () => {
  let clients = 3;
  const metrics = new Metrics({
    mqtt: () => ({
      clients,
      messagesReceivedTotal: 12,
      dropped: { slowReader: 5 },
      version: 'text is not a number',
    }),
  });
  expect(await metrics.render()).toContain('# TYPE hearth_mqtt_clients gauge');
  clients = 1;
  const text = await metrics.render();
  expect(text).toContain('hearth_mqtt_clients 1');
  expect(text).toContain('# TYPE hearth_mqtt_messages_received_total counter');
  expect(text).toContain('hearth_mqtt_messages_received_total 12');
  expect(text).toContain('hearth_mqtt_dropped_slow_reader 5');
  expect(text).not.toContain('version');
});

it('puts the whole hub on one page, though a part of it fails', async () => {
  const clock = new ManualClock(Date.parse('2026-03-01T08:00:00Z'));
  const ops = new Ops({
    version: '1.2.3',
    clock,
    logs: new LogRing(),
    probes: [],
    numbers: {},
    sections: {
      devices: () => ({ total: 2 }),
      storage: () => Promise.reject(new Error('the disk is gone')),
    },
  });
  await ops.start();
  onTestFinished(() => ops.stop());
  clock.advance(90_500);
  expect(await ops.status()).toMatchObject({
    version: '1.2.3',
    started_at: '2026-03-01T08:00:00.000Z',
    uptime_seconds: 90,
    health: 'healthy',
    devices: { total: 2 },
    storage: { error: 'the disk is gone' },
    memory: { resident_bytes: expect.any(Number) },
  });
});
