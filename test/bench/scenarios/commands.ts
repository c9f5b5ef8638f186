import { Agent, request } from 'node:http';
import { HubProcess } from '../../support/hub-process.ts';
import { registerDevice } from '../../support/plain-device.ts';
import { RawClient } from '../../support/raw-client.ts';
import { plugMessage, registerPlugs } from '../fleet.ts';
import { load } from '../peers.ts';
import type { Scenario } from '../scenario.ts';

const ingestPerSecond = 2000;
/** Below what one address may ask of the API. */
const betweenMs = 25;

/** From REST to the device, its acknowledgment and back, while readings are taken in. */
export const commands: Scenario = {
  name: 'commands',
  async run({ directory, seconds }) {
    const hub = await HubProcess.start({ directory });
    const clients = await registerPlugs(hub, 20);
    await obedientDevice(hub, 'told');
    const { token } = (await hub.call('POST', '/api/v1/tokens', {
      name: 'bench',
      role: 'member',
    })) as { token: string };
    const tell = teller(hub.ports.http, token);
    const ingest = load({
      port: hub.ports.mqtt,
      connections: clients.length,
      seconds,
      rate: ingestPerSecond,
      payload: plugMessage,
      clients,
    });
    let isOver = false;
    void ingest.finally(() => {
      isOver = true;
    });
    const tookMs: number[] = [];
    const ends = new Map<string, number>();
    for (let count = 0; !isOver; count++) {
      const sinceMs = performance.now();
      const status = await tell(count % 2 === 0 ? 'relay_on' : 'relay_off');
      tookMs.push(performance.now() - sinceMs);
      ends.set(status, (ends.get(status) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, betweenMs));
    }
    const { perSecond } = await ingest;
    await hub.end();
    tookMs.sort((a, b) => a - b);
    const at = (share: number) => tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0;
    return {
      title: `Commands, at ${Math.round(perSecond)} readings/s, for ${seconds} s`,
      rows: [
        ['commands', tookMs.length],
        ['how they ended', [...ends].map(([name, count]) => `${count} ${name}`).join(', ')],
        ['longest, ms', at(1).toFixed(1)],
      ],
      goals: [
        ['REST to acknowledged p50, ms', at(0.5), 'under', 10],
        ['REST to acknowledged p99, ms', at(0.99), 'under', 50],
      ],
    };
  },
};

/** A device that acknowledges whatever it is told, over a plain socket. */
async function obedientDevice(hub: HubProcess, id: string): Promise<void> {
  const password = await registerDevice(hub, id);
  const client = await RawClient.connect({ port: hub.ports.mqtt, id, username: id, password });
  let packetId = 1;
  client.onPacket = (packet) => {
    if (packet.cmd !== 'publish') return;
    client.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    const { id: commandId } = JSON.parse(packet.payload.toString()) as { id: string };
    packetId = (packetId % 65_535) + 1;
    client.publish(`devices/${id}/ack`, JSON.stringify({ id: commandId, status: 'ok' }), packetId);
  };
  const subscriptions = [{ topic: `devices/${id}/command`, qos: 1 as const }];
  client.send({ cmd: 'subscribe', messageId: packetId, subscriptions });
}

/** Sends a command over HTTP and resolves with the state that the device's answer ends the wait with. */
function teller(port: number, token: string): (action: string) => Promise<string> {
  const agent = new Agent({ keepAlive: true });
  return (action) =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          port,
          agent,
          host: '127.0.0.1',
          method: 'POST',
          path: '/api/v1/devices/told/commands?wait=5s&until=acknowledged',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          response.on('end', () => {
            const { status } = JSON.parse(text) as { status: string };
            resolve(response.statusCode === 202 ? status : `HTTP ${response.statusCode}`);
          });
        },
      );
      call.on('error', reject);
      call.end(JSON.stringify({ action }));
    });
}
