import mqtt, { type MqttClient } from 'mqtt';
import { loadConfig } from '#config';
import { type Clock, silentLog } from '#kernel';
import { type Hub, openHub } from '#main';

export const owner = {
  name: 'Ada',
  email: 'ada@example.org',
  password: 'copper kettle on the hob',
};

export interface HubChoices {
  readonly httpsPort?: number;
  readonly clock?: Clock;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Starts a hub in `directory`, on free ports of this machine unless told which. */
export async function startHub(directory: string, choices: HubChoices = {}): Promise<Hub> {
  const config = loadConfig({
    environment: {},
    overrides: {
      data: directory,
      'home.name': 'Maple Street',
      'http.address': '127.0.0.1',
      'http.port': 0,
      'https.address': '127.0.0.1',
      'https.port': choices.httpsPort ?? 0,
      'mqtts.address': '127.0.0.1',
      'mqtts.port': 0,
      'log.level': 'silent',
      ...choices.settings,
    },
  });
  const { clock } = choices;
  return openHub({ config, log: silentLog, ...(clock && { clock }) });
}

export const originOf = (hub: Hub): string => `https://localhost:${hub.addresses.https?.port}`;

/** Asks the hub as its owner at the machine itself. */
export async function ask<Answer>(
  hub: Hub,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const request = new Request(`http://hub/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await hub.request(request);
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Makes the owner without a browser, for tests that begin after that. */
export async function createOwner(hub: Hub): Promise<void> {
  await ask(hub, 'POST', '/setup', { ...owner, code: hub.setupCode() });
}

export interface NewDevice {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly room?: string;
}

export interface DeviceFiles {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/** Adds a device; returns what it proves itself with. */
export async function addDevice(hub: Hub, device: NewDevice): Promise<DeviceFiles> {
  await ask(hub, 'POST', '/devices', device);
  return ask<DeviceFiles>(hub, 'POST', `/devices/${device.id}/certificates`, {});
}

/** Connects a device as it would be in a home: over mutual TLS, with its own files. */
export function connectWith(
  hub: Hub,
  id: string,
  files: DeviceFiles,
  clean = true,
): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtts://localhost:${hub.addresses.mqtts?.port}`, {
    clientId: id,
    clean,
    // A clock that leaps would be a silence of that long.
    keepalive: 0,
    ca: files.ca,
    cert: files.certificate,
    key: files.key,
  });
}

/** Adds a device and connects it. */
export const connectDevice = async (hub: Hub, device: NewDevice): Promise<MqttClient> =>
  connectWith(hub, device.id, await addDevice(hub, device));

/** Sends a reading; resolves once the hub has acknowledged it, which means that it is on disk. */
export async function report(
  client: MqttClient,
  deviceId: string,
  reading: Readonly<Record<string, number | boolean | string>>,
): Promise<void> {
  const topic = `devices/${deviceId}/telemetry`;
  await client.publishAsync(topic, JSON.stringify(reading), { qos: 1 });
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A reading every ten minutes of the last 24 hours, with the device's own times. */
export function aDayOfReadings(): Record<string, number | boolean | string>[] {
  const nowMs = Date.now();
  return Array.from({ length: 144 }, (_, index) => {
    const timeMs = nowMs - 24 * hourMs + (index + 1) * 10 * minuteMs - minuteMs;
    const isBoiling = index % 24 < 3;
    return {
      timestamp: new Date(timeMs).toISOString(),
      power: isBoiling ? 1900 + (index % 5) * 20 : 2 + (index % 3) * 0.4,
      voltage: 230 + Math.sin(index / 9) * 3,
      relay_state: isBoiling,
    };
  });
}
