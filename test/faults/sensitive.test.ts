import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { registerDevice } from '../support/plain-device.ts';
import { RawClient } from '../support/raw-client.ts';

/** Numbers that nothing else in a data directory looks like. */
const [first, second] = [73.4182936, 58.2917364];

function expectNoTrace(directory: string): void {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile())) {
    const bytes = readFileSync(join(file.parentPath, file.name));
    for (const number of [first, second]) {
      const spelled = Buffer.alloc(8);
      spelled.writeDoubleLE(number);
      const found = bytes.includes(spelled) || bytes.includes(String(number));
      expect([file.name, found]).toEqual([file.name, false]);
    }
  }
}

/** Publishes one reading and waits until it is on disk. */
async function publish(hub: HubProcess, password: string, spo2: number): Promise<void> {
  const login = { port: hub.ports.mqtt, id: 'watch', username: 'watch', password };
  const client = await RawClient.connect(login);
  const acknowledged = new Promise<void>((resolve) => {
    client.onPacket = ({ messageId }) => messageId === 3 && resolve();
  });
  const body = JSON.stringify({ spo2, steps: 1 });
  client.publish('devices/watch/status', body, 1);
  // Nothing of it can be kept as a reading: it is set aside.
  client.publish('devices/watch/telemetry', `{"spo2": ${spo2}, "more":`, 2);
  client.publish('devices/watch/telemetry', body, 3);
  await acknowledged;
  client.end();
}

it('keeps a sensitive value nowhere as it was sent, through kills and a new key file', async () => {
  const directory = await temporaryDirectory();
  const environment = { HEARTH_TELEMETRY_SEAL_POINTS: '1000' };
  let hub = await HubProcess.start({ directory, environment });
  const password = await registerDevice(hub, 'watch');
  await hub.call('PUT', '/api/v1/devices/watch/sensitive', { metrics: ['spo2'] });
  await publish(hub, password, first);
  await hub.end('SIGKILL');
  expectNoTrace(directory);

  hub = await HubProcess.start({ directory, environment });
  const known = async () => {
    const history = await hub.get('/api/v1/devices/watch/telemetry?fields=spo2');
    return (history as { data: { spo2: number }[] }).data.map(({ spo2 }) => spo2);
  };
  expect(await known()).toEqual([first]);
  await hub.call('POST', '/api/v1/secrets/rotate');
  await publish(hub, password, second);
  expect(await known()).toEqual([first, second]);
  expect(await hub.get('/api/v1/devices/watch/telemetry/latest')).toMatchObject({ spo2: second });
  const shown = JSON.stringify(await hub.get('/api/v1/devices/watch'));
  expect(shown).toContain('"sensitive":["spo2"]');
  expect(shown).not.toContain(String(second));
  await hub.end('SIGKILL');
  expectNoTrace(directory);

  hub = await HubProcess.start({ directory, environment });
  expect(await known()).toEqual([first, second]);
  expect(await hub.end()).toBe(0);
  expectNoTrace(directory);
}, 60_000);
