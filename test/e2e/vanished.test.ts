import type { MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import type { Command } from '#commands';
import { addDevice, connectWith } from './home.ts';
import { listen, timedHome } from './timed-home.ts';

const topic = 'devices/plug/command';

/** A plug that hears, and from then on says nothing: neither PUBACK nor an answer. */
async function deafTo(client: MqttClient): Promise<void> {
  client.handleMessage = () => {};
  await client.subscribeAsync(topic, { qos: 1 });
}

it.each([['10m'], [undefined]])(
  'a command in a connection that breaks is there at once when the device is (expiresIn %s)',
  async (expiresIn) => {
    const { get, post, hub, reaches } = await timedHome();
    const files = await addDevice(hub, { id: 'plug', name: 'Plug', type: 'plug' });
    const first = await connectWith(hub, 'plug', files);
    await deafTo(first);
    const { id } = await post<Command>('/devices/plug/commands', { action: 'relay_on', expiresIn });
    expect(await get(`/commands/${id}`)).toMatchObject({ status: 'sent', delivered_at: null });
    first.stream.destroy();

    const again = await connectWith(hub, 'plug', files);
    const device = await listen(again, topic);
    expect(await device.next()).toMatchObject({ id, action: 'relay_on' });
    await reaches(id, 'delivered');
    await device.say('devices/plug/ack', { id, status: 'ok' });
    expect(await reaches(id, 'acknowledged')).toMatchObject({ attempts: 1, error: null });
    expect(device.heard).toHaveLength(1);
    await again.endAsync();
  },
);

it('a command for a device that lost its Wi-Fi is kept as long as was said', async () => {
  const { clock, get, post, hub, reaches } = await timedHome();
  const files = await addDevice(hub, { id: 'plug', name: 'Plug', type: 'plug' });
  const lost = await connectWith(hub, 'plug', files);
  await deafTo(lost);
  const { id } = await post<Command>('/devices/plug/commands', {
    action: 'relay_on',
    expiresIn: '1h',
  });
  for (let passedS = 0; passedS < 180; passedS += 10) {
    clock.advance(10_000);
    await get(`/commands/${id}`);
  }
  expect(await get(`/commands/${id}`)).toMatchObject({ status: 'sent', delivered_at: null });
  expect(await get('/alerts')).toMatchObject({ alerts: [] });

  const again = await connectWith(hub, 'plug', files);
  const device = await listen(again, topic);
  expect(await device.next()).toMatchObject({ id });
  await device.say('devices/plug/ack', { id, status: 'ok' });
  expect((await reaches(id, 'acknowledged')).error).toBeNull();
  await again.endAsync();
  await lost.endAsync(true);
});
