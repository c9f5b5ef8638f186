import type { HubProcess } from './hub-process.ts';
import { RawClient } from './raw-client.ts';

/** Adds a device with a credential for the plain listener; returns its password. */
export async function registerDevice(hub: HubProcess, id: string): Promise<string> {
  await hub.call('POST', '/api/v1/devices', { id });
  const credential = await hub.call('POST', '/api/v1/credentials', { name: id, role: 'device' });
  return (credential as { password: string }).password;
}

/** A device that is new to the hub and connected to it. */
export async function connectNewDevice(hub: HubProcess, id: string): Promise<RawClient> {
  const password = await registerDevice(hub, id);
  return RawClient.connect({ port: hub.ports.mqtt, id, username: id, password });
}
