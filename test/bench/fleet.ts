import type { HubProcess } from '../support/hub-process.ts';
import { registerDevice } from '../support/plain-device.ts';
import type { LoadOptions } from './load.ts';

/** A four-metric message as a smart plug sends it, without a time of its own. */
export const plugMessage = JSON.stringify({
  voltage: 230.1,
  current: 0.503,
  power: 115.7,
  relay_state: true,
});

type Clients = LoadOptions['clients'];

/** Clients for a broker that asks nobody's name. */
export const anonymousClients = (count: number): Clients =>
  Array.from({ length: count }, (_, i) => ({
    id: `plug-${i}`,
    topic: `devices/plug-${i}/telemetry`,
  }));

/** As many registered devices with credentials for the plain listener. */
export async function registerPlugs(hub: HubProcess, count: number): Promise<Clients> {
  const clients: { id: string; username: string; password: string; topic: string }[] = [];
  for (let i = 0; i < count; i++) {
    const id = `plug-${i}`;
    const password = await registerDevice(hub, id);
    clients.push({ id, username: id, password, topic: `devices/${id}/telemetry` });
  }
  return clients;
}
