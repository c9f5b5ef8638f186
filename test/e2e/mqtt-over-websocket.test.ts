import mqtt from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';

interface Certificate {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

it('carries MQTT over the HTTPS port: a device by its certificate, a person by a token', async () => {
  const hub = await HubProcess.start({ directory: await temporaryDirectory() });
  onTestFinished(async () => void (await hub.end()));
  await hub.call('POST', '/api/v1/devices', { id: 'plug' });
  const issued = await hub.call('POST', '/api/v1/devices/plug/certificates', {});
  const { certificate, key, ca } = issued as Certificate;
  const { token, id } = (await hub.call('POST', '/api/v1/tokens', {
    name: 'viewer',
    role: 'member',
  })) as { token: string; id: string };
  const url = `wss://localhost:${hub.ports.https}/mqtt`;
  const connect = (options: mqtt.IClientOptions) =>
    mqtt.connectAsync(url, { ca, protocolVersion: 4, reconnectPeriod: 0, ...options });

  const viewer = await connect({ username: 'viewer', password: token });
  onTestFinished(() => viewer.endAsync(true));
  await viewer.subscribeAsync('devices/+/telemetry', { qos: 1 });
  const received = new Promise<string>((resolve) =>
    viewer.once('message', (topic, payload) => resolve(`${topic} ${payload}`)),
  );
  const device = await connect({ clientId: 'plug', cert: certificate, key });
  onTestFinished(() => device.endAsync(true));
  await device.publishAsync('devices/plug/telemetry', '{"power":12}', { qos: 1 });
  expect(await received).toBe('devices/plug/telemetry {"power":12}');
  expect(await hub.get('/api/v1/devices/plug/telemetry/latest')).toMatchObject({ power: 12 });

  // Revoking either ends its connection at once.
  const closed = (client: mqtt.MqttClient) =>
    new Promise<void>((resolve) => client.once('close', () => resolve()));
  const bothClosed = Promise.all([closed(viewer), closed(device)]);
  const startMs = performance.now();
  await hub.call('DELETE', `/api/v1/tokens/${id}`);
  await hub.call('POST', '/api/v1/devices/plug/revoke');
  await bothClosed;
  expect(performance.now() - startMs).toBeLessThan(1000);
});
