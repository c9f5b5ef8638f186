import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { connectNewDevice } from '../support/plain-device.ts';

it('shows the newest acknowledged value after a kill, on a device that is offline', async () => {
  const directory = await temporaryDirectory();
  const hub = await HubProcess.start({ directory });
  const client = await connectNewDevice(hub, 'plug');
  const acknowledged = new Promise<void>((resolve) => {
    client.onPacket = ({ messageId }) => messageId === 2 && resolve();
  });
  client.publish('devices/plug/telemetry', '{"power":1}', 1);
  client.publish('devices/plug/telemetry', '{"power":777}', 2);
  await acknowledged;
  await hub.end('SIGKILL');
  client.end();
  const again = await HubProcess.start({ directory });
  expect(await again.get('/api/v1/devices/plug')).toMatchObject({
    status: 'offline',
    latest: { power: 777 },
  });
  expect(await again.end()).toBe(0);
});
