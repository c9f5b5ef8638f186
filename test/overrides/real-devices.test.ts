import { expect, it } from 'vitest';
import { DueQueue } from '#db';
import { DeviceConfig } from '#device-config';
import { silentLog } from '#kernel';
import { Overrides } from '#overrides';
import { device, openHome, publish } from '../devices/home.ts';

/** Both slices as the hub wires them to the registry of devices. */
async function open() {
  const home = await openHome();
  const { db, clock, audit, devices } = home;
  const due = new DueQueue({ db, clock, log: silentLog });
  const shared = { db, due, audit, devices, clock, log: silentLog };
  const overrides = new Overrides({
    ...shared,
    schedules: {
      apply: () => [],
      applyAll: () => {},
      owedState: () => undefined,
      saveBaseline: () => {},
    },
  });
  const deviceConfig = new DeviceConfig({
    ...shared,
    sign: ({ body }) => JSON.stringify(body),
    send: () => ({ sent: false, reason: 'away' }),
  });
  devices.onStatus.listen((news) => deviceConfig.onStatus(news));
  devices.onRemoved.listen((id) => {
    overrides.forget(id);
    deviceConfig.forget(id);
  });
  await overrides.start();
  await deviceConfig.start();
  await due.start();
  due.open();
  devices.create({ id: 'air', type: 'purifier' });
  return { ...home, overrides, deviceConfig, due };
}

it('saves what a real device reported, and forgets it with the device', async () => {
  const { gate, overrides, deviceConfig, devices, due, clock, db } = await open();
  await publish(gate, device('air'), 'devices/air/status', {
    fanSpeed: 2,
    powerOn: true,
    config_version: 3,
  });
  const request = { durationMs: 600_000, requestedBy: 'local' };
  const boost = { action: 'setFanSpeed', value: 5 };
  expect(() =>
    overrides.begin('air', { ...request, action: { action: 'setFanSpeed', value: 9 } }),
  ).toThrow(/0.*5/);
  expect(overrides.begin('air', { ...request, action: boost }).override).toMatchObject({
    previous: { fanSpeed: 2, powerOn: true },
  });
  deviceConfig.set('air', { config: { a: 1 }, requestedBy: 'local' });
  expect(deviceConfig.get('air')).toMatchObject({
    desired: { version: 1 },
    reported: { version: 3 },
  });
  devices.remove('air');
  clock.advance(3_600_000);
  expect(due.size).toBe(0);
  expect(db.prepare('SELECT count(*) AS n FROM overrides').get()).toEqual({ n: 0 });
  expect(db.prepare('SELECT count(*) AS n FROM config_versions').get()).toEqual({ n: 0 });
});
